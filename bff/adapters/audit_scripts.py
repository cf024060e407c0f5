"""The audit trail in Redis, as server-side scripts. All its keys share one hash slot.

``:trail`` is the stream (``c`` chain, ``n`` number, ``m`` MAC, ``b`` body, ``s`` sequence number);
``:heads`` the newest number of each chain; ``:counts`` counters; ``:is:{name}`` a stream of
ids for each event name, outcome and severity worth a search, with a counter of its own (``k``);
``:of:{digest}`` a sorted set of ids for each session and each user; ``:five:{n}`` what happened in
five minutes.
"""

import hashlib

# KEYS trail, heads, counts, five, then index streams, then sorted sets ·
# ARGV chain, number, mac, body, at_ms, index_streams, keep_ms, five_keep_ms, then field, amount, ...
# 1: written; 0: it was there already; -1: Redis does not know what came before.
APPEND = """
local head = tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '0')
local number = tonumber(ARGV[2])
if head >= number then return 0 end
if head ~= number - 1 then return -1 end
local seq = redis.call('HINCRBY', KEYS[3], 'seq', 1)
local id = redis.call('XADD', KEYS[1], '*', 'c', ARGV[1], 'n', ARGV[2], 'm', ARGV[3], 'b', ARGV[4],
  's', seq)
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
local streams = tonumber(ARGV[6])
for i = 5, 4 + streams do
  redis.call('XADD', KEYS[i], id, 'k', redis.call('HINCRBY', KEYS[3], KEYS[i], 1))
end
for i = 5 + streams, #KEYS do
  redis.call('ZADD', KEYS[i], string.match(id, '^%d+'), id)
  redis.call('PEXPIRE', KEYS[i], ARGV[7])
end
for i = 9, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[4], ARGV[i], ARGV[i + 1])
end
redis.call('PEXPIRE', KEYS[4], ARGV[8])
return 1
"""
APPEND_DIGEST = hashlib.sha1(APPEND.encode(), usedforsecurity=False).hexdigest()
