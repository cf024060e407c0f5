-- wrk's script: each request as the next of the signed-in sessions (one Cookie header and one reference a line), optionally paced.
local requests, at, pause = {}, 0, 0

function init(arguments)
  local path, sessions = arguments[1], arguments[2]
  pause = tonumber(arguments[3]) or 0
  for line in io.lines(sessions) do
    local headers = {
      ["accept"] = "application/json",
      ["accept-encoding"] = "gzip, deflate, br",
      ["accept-language"] = "en",
      ["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
      ["sec-fetch-site"] = "same-origin",
      ["sec-fetch-mode"] = "cors",
      ["sec-fetch-dest"] = "empty",
      ["referer"] = "http://localhost/",
      ["Host"] = "localhost:" .. wrk.port,
    }
    for name, value in line:gmatch("([^\t=]+)=([^\t]*)") do headers[name] = value end
    requests[#requests + 1] = wrk.format("GET", path, headers)
  end
  at = math.random(#requests)
end

function request()
  at = at % #requests + 1
  return requests[at]
end

if tonumber(os.getenv("PAUSE_MS") or "0") > 0 then
  local mean = tonumber(os.getenv("PAUSE_MS"))
  function delay() return math.random(0, 2 * mean) end
end

function done(summary, latency, _requests)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d %d\n", summary.requests, summary.duration, summary.bytes,
    errors.connect + errors.read + errors.write + errors.timeout, errors.status,
    latency:percentile(50), latency:percentile(99)))
end
