"""Which clients a session has had, in the session's own hash."""

from redis.asyncio import Redis

from bff.adapters.redis_client import redis_errors
from bff.session.client import MOST_CLIENTS
from bff.session.model import SessionKey

# KEYS session · ARGV client, most. Ends with the session; the first who meets a client is told so.
MEET = """
if redis.call('HEXISTS', KEYS[1], 'gen') == 0 then return 0 end
local held = redis.call('HGET', KEYS[1], 'clients')
local clients = held and cjson.decode(held) or {}
for _, client in ipairs(clients) do
  if client == ARGV[1] then return 0 end
end
table.insert(clients, ARGV[1])
if #clients > tonumber(ARGV[2]) then table.remove(clients, 1) end
redis.call('HSET', KEYS[1], 'clients', cjson.encode(clients))
return 1
"""


class RedisClients:
    """The port ``ClientMemory`` over one Redis."""

    def __init__(self, redis: Redis, *, prefix: str) -> None:
        """``prefix`` as the session store has it."""
        self._prefix = prefix
        self._meet = redis.register_script(MEET)

    async def meet(self, key: SessionKey, client: str) -> bool:
        """One script."""
        async with redis_errors():
            name = f"{self._prefix}:{{{key}}}:session"
            return bool(await self._meet(keys=[name], args=[client, MOST_CLIENTS]))
