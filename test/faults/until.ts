import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks again until there is an answer or the time is over. While a part of the platform is down, asking may fail: that is no answer yet.
 *
 * @returns undefined when the time was over
 */
export async function until<Answer>(
  probe: () => Promise<Answer | undefined>,
  { deadline, intervalMs, onError = () => undefined }: { deadline: number; intervalMs: number; onError?: (error: unknown) => void },
): Promise<Answer | undefined> {
  while (performance.now() < deadline) {
    const answer = await probe().catch((error: unknown) => void onError(error));
    if (answer !== undefined) return answer;
    await delay(intervalMs);
  }
  return undefined;
}
