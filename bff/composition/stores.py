"""What is kept in Redis, behind the ports that ask for it."""

import os
from dataclasses import dataclass

from bff.adapters.redis_register import RedisSessionRegister
from bff.adapters.redis_resealing import RedisResealing
from bff.adapters.redis_revocations import RedisRevocationQueue
from bff.adapters.redis_sessions import RedisSessionStore, channel
from bff.adapters.redis_transactions import OneShotValues, RedisExitStore, RedisTransactionStore
from bff.adapters.session_record import SessionRecord
from bff.composition.sessions import session_store
from bff.composition.world import World
from bff.settings import values


@dataclass(frozen=True, slots=True)
class Stores:
    """Sessions, the register of them all, sign-ins under way, ways out, revocations to come."""

    sessions: RedisSessionStore
    register: RedisSessionRegister
    transactions: RedisTransactionStore
    exits: RedisExitStore
    revocations: RedisRevocationQueue
    resealing: RedisResealing


def open_stores(world: World) -> Stores:
    """Make them over the world's Redis; nothing connects before it is used."""
    settings, redis = world.settings, world.redis
    lookup_key, prefix = values.lookup_key(settings), settings.redis.prefix
    seal = values.seal(settings)
    one_shot = OneShotValues(redis, seal, os.urandom, lookup_key=lookup_key, prefix=prefix)
    return Stores(
        sessions=session_store(world),
        register=RedisSessionRegister(
            redis, lookup_key=lookup_key, prefix=prefix, channel=channel(prefix)
        ),
        transactions=RedisTransactionStore(one_shot),
        exits=RedisExitStore(one_shot),
        resealing=RedisResealing(
            redis, SessionRecord(seal, lookup_key, os.urandom), seal.newest, prefix=prefix
        ),
        revocations=RedisRevocationQueue(redis, seal, os.urandom, prefix=prefix),
    )
