import { readFile, readdir } from 'node:fs/promises';

/** In the environment of the engine and so of its plugins: whose operation they serve. */
export const strayMarker = 'AUTHSOME_STACK';

/**
 * Kills what an operation on this stack left running on this machine. An engine that was killed can't stop its plugins, and the Kubernetes
 * provider then lives for ever (seen: 26 minutes, until it was killed) with what it was doing half done. Call it before the
 * first engine of a takeover is started, and only as the holder of the stack's lease: it kills a live operation as well. Linux only.
 */
export async function killStrays(stack: string): Promise<number> {
  const mark = `${strayMarker}=${stack}`;
  let killed = 0;
  for (const entry of await readdir('/proc').catch(() => [])) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    // Other users' processes can't be read, and are none of ours.
    const environment = await readFile(`/proc/${entry}/environ`, 'utf8').catch(() => '');
    if (!environment.split('\0').includes(mark)) continue;
    try {
      process.kill(pid, 'SIGKILL');
      killed++;
    } catch {
      // Gone already.
    }
  }
  return killed;
}
