import { readFileSync, readdirSync } from 'node:fs';

/** Each round finds what a process forked while the one before it was killing. */
const rounds = 5;

/**
 * Kills, at once, every process of a session: a detached child and all that came of it. The engine and its plugins put themselves in
 * process groups of their own, and lose their parent when the child dies first, but none leaves the session. Where there is no /proc, only
 * the child's own group is killed.
 *
 * @param leader pid of the detached child; undefined where it could not be spawned
 */
export function killSession(leader: number | undefined): void {
  if (leader === undefined) return;
  for (let round = 0; round < rounds; round += 1) {
    const members = sessionMembers(leader);
    if (members === undefined) return kill(-leader);
    if (members.length === 0) return;
    members.forEach(kill);
  }
}

function sessionMembers(leader: number): number[] | undefined {
  try {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry) && isLivingMember(entry, leader))
      .map(Number);
  } catch {
    return undefined;
  }
}

function isLivingMember(pid: string, leader: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Behind the name, which may hold anything: state, parent, group, session (proc(5)).
    const [state, , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state !== 'Z' && Number(session) === leader;
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone meanwhile.
  }
}
