package redis

import goredis "github.com/redis/go-redis/v9"

// bucketScript does everything that is done to a bucket, in one step of the
// server and by the server's clock.
//
// KEYS[1] is the bucket. ARGV: the size of a bucket in thousandths of a token,
// how many of those flow in a microsecond, how many are wanted, and what to do:
// "take" them if they are there, "owe" what is not there, add them by "burst".
//
// A bucket is a string of numbers: what is missing in it, and when that was so;
// after that, if they are not zero, what Burst has added and until when it lasts;
// and then, from Set, a size and a flow of its own. That is GCRA, but not by the
// moment at which the bucket is full: since 1970 too many microseconds have
// passed for a double to add fractions to, and by a moment that lies ahead a
// clock that is set back would lock everybody out.
//
// A bucket that is full says nothing, so a key expires when it will be. One with
// a limit of its own stays.
//
// It answers whether it took, what is left, how many microseconds until what
// was wanted is there, and for a bucket with a limit of its own that limit.
//
//nolint:dupword // Lua ends its blocks in a row
const bucketScript = `
local f = {}
local raw = redis.call('GET', KEYS[1])
if raw then
	for word in string.gmatch(raw, '%S+') do f[#f + 1] = tonumber(word) end
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local own = f[5] ~= nil
local burst = f[5] or tonumber(ARGV[1])
local flow = f[6] or tonumber(ARGV[2])
local missing = math.max((f[1] or 0) - math.max(now - (f[2] or now), 0) * flow, 0)
local extra, last = f[3] or 0, f[4] or 0
if now >= last then extra, last = 0, 0 end

local n, mode, ok = tonumber(ARGV[3]), ARGV[4], 1
if mode == 'burst' then
	extra, last = math.min(extra + n, 1e12), now + burst / flow
else
	local more = n - math.min(n, extra)
	if mode == 'take' and n > 0 and missing + more > burst + 1e-6 then
		ok = 0
	else
		missing, extra = missing + more, extra - (n - more)
	end
end

local back = now < (f[2] or 0)
if back or (ok == 1 and n > 0) then
	local value = string.format('%.17g %.0f', missing, now)
	if own or extra > 0 then value = value .. string.format(' %.17g %.0f', extra, last) end
	if own then
		redis.call('SET', KEYS[1], value .. string.format(' %.17g %.17g', burst, flow))
	else
		local full = math.max(missing / flow, extra > 0 and last - now or 0)
		redis.call('SET', KEYS[1], value, 'PX', string.format('%.0f', math.min(math.ceil(full / 1000) + 1, 3e12)))
	end
end

local left = burst - missing + extra
local wait = ok == 1 and 0 or math.min(math.ceil((n - left) / flow), 9e15)
local answer = {ok, math.floor(left + 1e-6), wait}
if own then answer[4], answer[5] = burst, string.format('%.17g', flow) end
return answer
`

// setScript gives a bucket a limit of its own: ARGV are its size and its flow.
const setScript = `
redis.call('SET', KEYS[1], '0 0 0 0 ' .. ARGV[1] .. ' ' .. ARGV[2])
return 1
`

// scripts are sent by their hash, and in full to a server that does not know it.
type scripts struct{ bucket, set *goredis.Script }

func newScripts(bucket string) scripts {
	return scripts{bucket: goredis.NewScript(bucket), set: goredis.NewScript(setScript)}
}
