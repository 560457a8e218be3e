-- What wrk sends and counts: requests from a file, each once; lessons that were released.
-- Usage: wrk -t1 -c32 -d20s -s load.lua http://127.0.0.1:8001 -- FILE
-- FILE holds requests one after another, each behind its length in eight characters.

local IDLE = "GET /healthz HTTP/1.1\r\nHost: bench\r\n\r\n"
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  file = assert(io.open(args[1], "rb"))
  statuses = {}
  answered, released, starved = 0, 0, 0
end

function request()
  local length = file:read(8)
  if not length then
    starved = starved + 1
    return IDLE
  end
  return file:read(tonumber(length))
end

function response(status, _, body)
  if status == 200 then
    local found = body:match('"counts":{"released":(%d+)', -120)
    if found then
      answered = answered + 1
      released = released + tonumber(found)
    end
  else
    statuses[status] = (statuses[status] or 0) + 1
  end
end

function done(summary, latency)
  local thread = threads[1]
  local others = {}
  for status, number in pairs(thread:get("statuses")) do
    table.insert(others, string.format('"%d":%d', status, number))
  end
  local lost = summary.errors.connect + summary.errors.read + summary.errors.write
  io.write(string.format(
    '\n{"seconds":%.3f,"answered":%d,"released":%d,"starved":%d,"lost":%d,"statuses":{%s},'
      .. '"p50_ms":%.2f,"p90_ms":%.2f,"p99_ms":%.2f,"max_ms":%.2f}\n',
    summary.duration / 1e6, thread:get("answered"), thread:get("released"),
    thread:get("starved"), lost + summary.errors.timeout, table.concat(others, ","),
    latency:percentile(50) / 1e3, latency:percentile(90) / 1e3, latency:percentile(99) / 1e3,
    latency.max / 1e3))
end
