"""Alerts in Redis, as server-side scripts, in the trail's hash slot.

``:alert:{id}`` a hash; ``:alerts`` and ``:alerts:{status}`` sorted sets of ids by when each was last
seen; ``:open`` which alert a rule and group have open; ``:signal:{digest}`` the entries that count
towards one; ``:outbox`` a stream of alerts to be delivered.
"""

# An entry counts once, whoever evaluates it and how often: only who takes it off the group's list of
# pending entries applies it, and that happens here, in the same step.
# KEYS trail, open, alerts, alerts:new, outbox, alert_ids, then signal sets ·
# ARGV group, entry_id, at_ms, alert_prefix, alerts_prefix, then for each signal: window_ms, threshold,
# place, rule, group, severity, subject, ref, evidence, muted
APPLY = """
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then return {} end
local raised, at = {}, tonumber(ARGV[3])
for i = 7, #KEYS do
  local base = 5 + (i - 7) * 10
  local window, threshold, place = tonumber(ARGV[base + 1]), tonumber(ARGV[base + 2]), ARGV[base + 3]
  redis.call('ZADD', KEYS[i], at, ARGV[2])
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', at - window)
  redis.call('PEXPIRE', KEYS[i], window)
  local id = redis.call('HGET', KEYS[2], place)
  if id then
    local key = ARGV[4] .. id
    redis.call('HINCRBY', key, 'count', 1)
    redis.call('HSET', key, 'last', at)
    redis.call('ZADD', KEYS[3], at, id)
    redis.call('ZADD', ARGV[5] .. redis.call('HGET', key, 'status'), at, id)
  elseif redis.call('ZCARD', KEYS[i]) >= threshold then
    id = 'a_' .. redis.call('HINCRBY', KEYS[6], 'alerts', 1)
    local key = ARGV[4] .. id
    redis.call('HSET', key, 'rule', ARGV[base + 4], 'group', ARGV[base + 5], 'severity', ARGV[base + 6],
      'subject', ARGV[base + 7], 'ref', ARGV[base + 8], 'evidence', ARGV[base + 9], 'first', at, 'last', at,
      'count', redis.call('ZCARD', KEYS[i]), 'status', 'new')
    redis.call('HSET', KEYS[2], place, id)
    redis.call('ZADD', KEYS[3], at, id)
    redis.call('ZADD', KEYS[4], at, id)
    if ARGV[base + 10] == '0' then redis.call('XADD', KEYS[5], '*', 'alert', id) end
    table.insert(raised, id)
  end
end
return raised
"""

# KEYS open, alert, signals · ARGV id, status, by, note, at_ms, place, alerts_prefix
DECIDE = """
local old = redis.call('HGET', KEYS[2], 'status')
if not old then return 0 end
redis.call('HSET', KEYS[2], 'status', ARGV[2], 'by', ARGV[3], 'note', ARGV[4], 'decided', ARGV[5])
redis.call('ZREM', ARGV[7] .. old, ARGV[1])
redis.call('ZADD', ARGV[7] .. ARGV[2], redis.call('HGET', KEYS[2], 'last'), ARGV[1])
if ARGV[2] == 'closed' then
  redis.call('DEL', KEYS[3])
  if redis.call('HGET', KEYS[1], ARGV[6]) == ARGV[1] then redis.call('HDEL', KEYS[1], ARGV[6]) end
else
  redis.call('HSETNX', KEYS[1], ARGV[6], ARGV[1])
end
return 1
"""

# KEYS alerts of one status · ARGV alert_prefix, most, then field, value, ... Of the alerts seen last the
# ids of those whose fields have these values.
NARROW = """
local found = {}
for _, id in ipairs(redis.call('ZREVRANGE', KEYS[1], 0, ARGV[2] - 1)) do
  local meant = true
  for i = 3, #ARGV, 2 do
    meant = meant and redis.call('HGET', ARGV[1] .. id, ARGV[i]) == ARGV[i + 1]
  end
  if meant then found[#found + 1] = id end
end
return found
"""

# KEYS alerts of one status · ARGV alert_prefix, most. Which sessions the alerts seen last concern.
REFS = """
local found = {}
for _, id in ipairs(redis.call('ZREVRANGE', KEYS[1], 0, ARGV[2] - 1)) do
  local ref = redis.call('HGET', ARGV[1] .. id, 'ref')
  if ref and ref ~= '' then found[#found + 1] = ref end
end
return found
"""
