"""Every change of a session in Redis, as server-side scripts.

Each sees and changes one session atomically, in one hash slot.

A session is a HASH whose fields are written separately, so that no writer can put back what another
has changed: ``core``, ``tokens`` (sealed), ``facts`` (about the tokens, for reviewers), ``gen``,
``touch`` and ``hard`` (milliseconds), ``ack``, ``refresh`` (journal), ``clients`` (others than the first).
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from bff.adapters.round_trip import Command, round_trip

# KEYS session, ended, limits · ARGV expire_at_ms, limits, limits_expire_at_ms, field, value, ...
CREATE = """
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
redis.call('PEXPIREAT', KEYS[1], ARGV[1])
redis.call('SET', KEYS[3], ARGV[2], 'PXAT', ARGV[3])
return 1
"""

# KEYS session · ARGV at_ms, idle_ms
TOUCH = """
local hard = redis.call('HGET', KEYS[1], 'hard')
if not hard then return 0 end
if tonumber(ARGV[1]) > tonumber(redis.call('HGET', KEYS[1], 'touch')) then
  redis.call('HSET', KEYS[1], 'touch', ARGV[1])
  redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', math.min(tonumber(hard), ARGV[1] + ARGV[2])))
end
return 1
"""

# KEYS session · ARGV generation, acknowledgement
ACKNOWLEDGE = """
local held = redis.call('HGET', KEYS[1], 'ack')
if held and tonumber(string.match(held, '^%d+')) < tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'ack', ARGV[2])
end
return 1
"""

# KEYS session, ended, lock, limits · ARGV tombstone, tombstone_ms, only_generation, channel, key
END = """
local fields = redis.call('HGETALL', KEYS[1])
if ARGV[3] ~= '' and redis.call('HGET', KEYS[1], 'gen') ~= ARGV[3] then return {} end
redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2])
redis.call('DEL', KEYS[1], KEYS[3], KEYS[4])
redis.call('PUBLISH', ARGV[4], ARGV[5])
return fields
"""

# KEYS session, ended, lock · ARGV generation, journal, owner. Only the holder of the lock may begin
# an attempt, and only who began the attempt on record may say how it went: a process that slept
# through its lease changes nothing.
JOURNAL = """
local gen = redis.call('HGET', KEYS[1], 'gen')
if not gen or redis.call('EXISTS', KEYS[2]) == 1 then return 'ended' end
if gen ~= ARGV[1] then return 'conflict' end
if redis.call('GET', KEYS[3]) ~= ARGV[3] then
  local held = redis.call('HGET', KEYS[1], 'refresh')
  if not held or cjson.decode(held).owner ~= ARGV[3] then return 'conflict' end
end
redis.call('HSET', KEYS[1], 'refresh', ARGV[2])
return 'written'
"""

# KEYS session, ended, lock · ARGV read_generation, core, tokens, facts, hard_ms, idle_ms, channel, key,
# owner. Whoever renewed needs the lock no more, and lets go of it in the same step. When it was
# written, and Redis keeps it for as long as before: 'written'; else until when, and Redis's clock.
REPLACE = """
local gen = redis.call('HGET', KEYS[1], 'gen')
if not gen or redis.call('EXISTS', KEYS[2]) == 1 then return 'ended' end
if gen ~= ARGV[1] then return 'conflict' end
local idle_end = redis.call('HGET', KEYS[1], 'touch') + ARGV[6]
local before = math.min(tonumber(redis.call('HGET', KEYS[1], 'hard')), idle_end)
redis.call('HSET', KEYS[1], 'core', ARGV[2], 'tokens', ARGV[3], 'facts', ARGV[4], 'hard', ARGV[5],
  'gen', string.format('%d', gen + 1))
redis.call('HDEL', KEYS[1], 'refresh')
local after = math.min(tonumber(ARGV[5]), idle_end)
local until_ms = string.format('%.0f', after)
redis.call('PEXPIREAT', KEYS[1], until_ms)
redis.call('PUBLISH', ARGV[7], ARGV[8])
if redis.call('GET', KEYS[3]) == ARGV[9] then redis.call('DEL', KEYS[3]) end
if after == before then return 'written' end
return {until_ms, string.format('%.0f', redis.call('TIME')[1] * 1000)}
"""

# KEYS lock, session · ARGV owner, lease_ms. The session's fields, read with the lock in hand; nothing if
# another holds it. Asking again as the owner says yes: the answer to the first call may have been lost.
LOCK = """
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
  and redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end
return redis.call('HGETALL', KEYS[2])
"""

# KEYS lock · ARGV owner, lease_ms
RENEW = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""

# KEYS lock · ARGV owner
RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class Scripts:
    """Runs them, and teaches them to a Redis that does not know them. Raises what redis-py raises."""

    def __init__(self, redis: Redis) -> None:
        """Nothing is sent yet."""
        self._redis = redis

    async def run(self, script: str, keys: Sequence[str], arguments: Sequence[Any]) -> Any:  # noqa: ANN401  as Redis answers
        """One script."""
        (answer,) = await self._asked(script, keys, arguments)
        return answer

    async def run_and_get(
        self, script: str, keys: Sequence[str], arguments: Sequence[Any], name: str
    ) -> tuple[Any, bytes | None]:
        """A script, and after it the value of a key in whatever slot, in one round trip."""
        answer, value = await self._asked(script, keys, arguments, ("GET", name))
        return answer, value

    async def _asked(
        self, script: str, keys: Sequence[str], arguments: Sequence[Any], *more: Command
    ) -> list[Any]:
        command = ("EVALSHA", digest(script), len(keys), *keys, *arguments)
        try:
            return await round_trip(self._redis, command, *more)
        except NoScriptError:
            await self._redis.script_load(script)
            return await round_trip(self._redis, command, *more)


@lru_cache
def digest(script: str) -> str:
    """By which Redis knows it."""
    return hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
