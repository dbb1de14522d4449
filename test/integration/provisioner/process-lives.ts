/** Whether a process exists; one that is dead but not yet reaped still does. */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
