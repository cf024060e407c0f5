"""The audit trail in Redis, as server-side scripts. All its keys share one hash slot.

``:trail`` is the stream (``c`` chain, ``n`` number, ``m`` MAC, ``b`` body, ``s`` sequence number);
``:heads`` the newest number of each chain; ``:counts`` counters; ``:kinds`` what each kind is;
``:kind:{name}`` a stream of ids for each kind of entry, numbered without a gap (``k``);
``:of:{digest}`` a sorted set of ``id/kind`` for each session, user and network; ``:requests:{n}``
the same for many requests together; ``:days:{digest}`` a user's sign-ins by day; ``:five:{n}`` what
happened in five minutes.
"""

import hashlib

# KEYS trail, heads, counts, five, kinds, kind, days, requests, then sorted sets ·
# ARGV chain, number, mac, body, at_ms, keep_ms, five_keep_ms, kind_name, kind, day, request,
# then field, amount, ... · An empty kind, day or request is none.
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
local nth = redis.call('HINCRBY', KEYS[3], KEYS[6], 1)
if nth == 1 then redis.call('HSET', KEYS[5], ARGV[8], ARGV[9]) end
redis.call('XADD', KEYS[6], id, 'k', nth)
local at, member = string.match(id, '^%d+'), id .. '/' .. ARGV[8]
local oldest = string.match(redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1][1], '^%d+')
for i = 8, #KEYS do
  if i > 8 or ARGV[11] ~= '' then
    redis.call('ZADD', KEYS[i], at, i == 8 and ARGV[11] .. member or member)
    redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', '(' .. oldest)
    redis.call('PEXPIRE', KEYS[i], ARGV[6])
  end
end
if ARGV[10] ~= '' then
  redis.call('HINCRBY', KEYS[7], ARGV[10], 1)
  redis.call('PEXPIRE', KEYS[7], ARGV[6])
end
for i = 12, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[4], ARGV[i], ARGV[i + 1])
end
redis.call('PEXPIRE', KEYS[4], ARGV[7])
return 1
"""
APPEND_DIGEST = hashlib.sha1(APPEND.encode(), usedforsecurity=False).hexdigest()

# KEYS trail · ARGV ids. The entries that are still there.
FETCH = """
local found = {}
for _, id in ipairs(ARGV) do
  local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
  if entry then found[#found + 1] = entry end
end
return found
"""

# KEYS five, ... What happened in all of them together: sums of what is counted (``x:name``), not of
# what is a level.
TOGETHER = """
local sums, found = {}, {}
for _, key in ipairs(KEYS) do
  local fields = redis.call('HGETALL', key)
  for i = 1, #fields, 2 do
    if string.sub(fields[i], 2, 2) == ':' then
      sums[fields[i]] = (sums[fields[i]] or 0) + fields[i + 1]
    end
  end
end
for name, sum in pairs(sums) do
  found[#found + 1] = name
  found[#found + 1] = string.format('%.0f', sum)
end
return found
"""
