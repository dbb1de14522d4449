import type { Redis } from 'ioredis';
import { z } from 'zod';
import { knownForMs, maxComparisonMs, maxDoublings } from './guess-store.ts';
import type { GuessStore } from './guess-store.ts';

/**
 * KEYS: the known client's key, then the buckets'. ARGV: now; then for each bucket free, first pause, longest pause, leak, and 1 where a
 * known client is not paused by it. Answers {1, paused until…} or {0, milliseconds to wait, settling, number of the bucket}.
 */
const reserveScript = `
local now = tonumber(ARGV[1])
local known = redis.call('EXISTS', KEYS[1]) == 1
local found, wait, settling, by = {}, 0, 1, 0
for i = 2, #KEYS do
  local a = (i - 2) * 5 + 1
  local b = { free = tonumber(ARGV[a + 1]), first = tonumber(ARGV[a + 2]), longest = tonumber(ARGV[a + 3]), leak = tonumber(ARGV[a + 4]) }
  local h = redis.call('HMGET', KEYS[i], 'failures', 'pending', 'pausedUntil', 'leakedAt')
  b.failures, b.pending, b.paused, b.leakedAt = tonumber(h[1] or 0), tonumber(h[2] or 0), tonumber(h[3] or 0), tonumber(h[4] or now)
  local leaked = math.max(0, math.floor((now - b.leakedAt) / b.leak))
  b.failures, b.leakedAt = math.max(0, b.failures - leaked), b.leakedAt + leaked * b.leak
  if b.paused > now and not (known and ARGV[a + 5] == '1') then
    if b.paused - now > wait then wait, by = b.paused - now, i - 2 end
    if b.failures - b.pending >= b.free then settling = 0 end
  end
  found[i] = b
end
if wait > 0 then return { 0, wait, settling, by } end
local answer = { 1 }
for i = 2, #KEYS do
  local b = found[i]
  b.failures, b.pending, b.paused = b.failures + 1, b.pending + 1, 0
  local doublings = b.failures - b.free
  if doublings >= 0 then b.paused = now + ${maxComparisonMs} + math.min(b.longest, b.first * 2 ^ math.min(doublings, ${maxDoublings})) end
  local f = function(n) return string.format('%.0f', n) end
  redis.call('HSET', KEYS[i], 'failures', f(b.failures), 'pending', f(b.pending), 'pausedUntil', f(b.paused), 'leakedAt', f(b.leakedAt))
  redis.call('PEXPIRE', KEYS[i], f(b.failures * b.leak + b.longest + ${maxComparisonMs}))
  answer[i] = b.paused
end
return answer`;

/**
 * KEYS as above. ARGV: outcome, milliseconds that a client stays known ('0': no such client), milliseconds since the reservation; then for
 * each bucket what it was set to, and 1 where a right guess empties it.
 */
const settleScript = `
local outcome = ARGV[1]
for i = 2, #KEYS do
  local a = (i - 2) * 2 + 3
  if outcome == 'right' and ARGV[a + 2] == '1' then
    redis.call('DEL', KEYS[i])
  elseif redis.call('EXISTS', KEYS[i]) == 1 then
    if redis.call('HINCRBY', KEYS[i], 'pending', -1) < 0 then redis.call('HSET', KEYS[i], 'pending', 0) end
    local own = ARGV[a + 1] ~= '0' and redis.call('HGET', KEYS[i], 'pausedUntil') == ARGV[a + 1]
    if outcome ~= 'wrong' then
      if redis.call('HINCRBY', KEYS[i], 'failures', -1) < 0 then redis.call('HSET', KEYS[i], 'failures', 0) end
      if own then redis.call('HSET', KEYS[i], 'pausedUntil', 0) end
    elseif own then
      redis.call('HSET', KEYS[i], 'pausedUntil', string.format('%.0f', tonumber(ARGV[a + 1]) - ${maxComparisonMs} + tonumber(ARGV[3])))
    end
  end
end
if outcome == 'right' and ARGV[2] ~= '0' then redis.call('SET', KEYS[1], '1', 'PX', ARGV[2]) end
return 1`;

const answerSchema = z.array(z.number());
/** Never written: the key of a client that can't be a known one. */
const nobodyKey = 'guard:known:none';

/** Keeps buckets in Redis, for all replicas together. Every key expires once its failures are forgotten. */
export function createRedisGuessStore(redis: Redis): GuessStore {
  return {
    async reserve({ all, knownKey }, now) {
      const policies = all.flatMap(({ name, policy: { free, firstPauseMs, longestPauseMs, leakMs } }) => [
        ...[free, firstPauseMs, longestPauseMs, leakMs],
        name === 'account_client' ? 0 : 1,
      ]);
      const keys = [knownKey ?? nobodyKey, ...all.map(({ key }) => key)];
      const [admitted, ...rest] = answerSchema.parse(await redis.eval(reserveScript, keys.length, ...keys, now, ...policies));
      if (admitted === 1) return { admitted: true, at: now, pausedUntil: rest };
      const [waitMs = 0, settling, by = 0] = rest;
      return { admitted: false, waitMs, settling: settling === 1, by: all[by]?.name ?? 'client' };
    },

    async settle({ all, knownKey }, { at, pausedUntil }, outcome, now) {
      const buckets = all.flatMap(({ name }, index) => [pausedUntil[index] ?? 0, name === 'account_client' ? 1 : 0]);
      const keys = [knownKey ?? nobodyKey, ...all.map(({ key }) => key)];
      await redis.eval(settleScript, keys.length, ...keys, outcome, knownKey === null ? 0 : knownForMs, now - at, ...buckets);
    },
  };
}
