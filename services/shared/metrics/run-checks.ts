/** What a process depends on, by name; each rejects where its part doesn't answer. */
export type Checks = Record<string, () => Promise<void>>;
export type CheckResult = 'ok' | 'failed' | 'timeout';

/** A dependency that hangs must not hang the probe: Kubernetes' own probe timeout is set above this. */
const checkTimeoutMs = 2_000;

/** Asks all at once, each for at most 2 s. Never throws. */
export async function runChecks(checks: Checks): Promise<Record<string, CheckResult>> {
  return Object.fromEntries(await Promise.all(Object.entries(checks).map(async ([name, check]) => [name, await runCheck(check)] as const)));
}

async function runCheck(check: () => Promise<void>): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<'timeout'>((resolve) => {
    timer = setTimeout(() => resolve('timeout'), checkTimeoutMs);
  });
  try {
    return await Promise.race([
      check().then(
        () => 'ok' as const,
        () => 'failed' as const,
      ),
      timeout,
    ]);
  } finally {
    clearTimeout(timer);
  }
}
