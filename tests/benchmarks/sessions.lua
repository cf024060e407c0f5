-- wrk's script: each request as the next of the signed-in sessions (one Cookie header and one reference a line), optionally paced.
-- When paced, as a browser: a new session cookie takes the place of the old one, in the file as well.
local requests, at, path = {}, 0, ""
local place, thread_of = {}, nil
lines = {} -- read by the main state at the end

local function session_of(text) return text:match("__Host%-Http%-bff=([^.;]+)%.") end

local function request_of(line)
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
  return wrk.format("GET", path, headers)
end

function init(arguments)
  path = arguments[1]
  for line in io.lines(arguments[2]) do
    lines[#lines + 1] = line
    requests[#requests + 1] = request_of(line)
    local session = session_of(line)
    if session then place[session] = #lines end
  end
  at = math.random(#requests)
end

function setup(thread) thread_of = thread end

function request()
  at = at % #requests + 1
  return requests[at]
end

if tonumber(os.getenv("PAUSE_MS") or "0") > 0 then
  local mean = tonumber(os.getenv("PAUSE_MS"))
  function delay() return math.random(0, 2 * mean) end
  function response(_status, headers, _body)
    local cookie = headers["set-cookie"]
    local number = cookie and place[session_of(cookie) or ""]
    if number then
      local pair = cookie:match("^[^;]+")
      lines[number] = lines[number]:gsub("__Host%-Http%-bff=[^;\t]+", (pair:gsub("%%", "%%%%")), 1)
      requests[number] = request_of(lines[number])
    end
  end
end

function done(summary, latency, _requests)
  if os.getenv("SESSIONS_KEPT") then
    local kept = io.open(os.getenv("SESSIONS_KEPT"), "w")
    for _, line in ipairs(thread_of:get("lines")) do kept:write(line, "\n") end
    kept:close()
  end
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d %d\n", summary.requests, summary.duration, summary.bytes,
    errors.connect + errors.read + errors.write + errors.timeout, errors.status,
    latency:percentile(50), latency:percentile(99)))
end
