import { setTimeout as pause } from 'node:timers/promises';

/** Generous: two busy cores start a process in seconds instead of tenths; a test that passes never waits this long. */
const timeoutMs = 45_000;
const pauseMs = 20;

/** Asks until the answer is not undefined, null or false; fails after 45 s, naming what was waited for. */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | undefined | null | false> | T | undefined | null | false,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== null && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}`);
    await pause(pauseMs);
  }
}
