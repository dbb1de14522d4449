import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks again until there is an answer.
 *
 * @param probe returns undefined while there is none yet; what it throws ends the wait
 * @throws Error `what` did not happen in time
 */
export async function waitFor<Answer>(
  what: string,
  probe: () => Promise<Answer | undefined>,
  { timeoutMs, intervalMs = 250 }: { timeoutMs: number; intervalMs?: number },
): Promise<Answer> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined) return answer;
    if (Date.now() >= deadline) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await delay(intervalMs);
  }
}
