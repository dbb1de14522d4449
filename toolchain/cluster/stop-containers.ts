import { setTimeout as delay } from 'node:timers/promises';
import { runCommand } from '../tools/run-command.ts';

/** Time the containers have to end after SIGTERM: PostgreSQL's fast shutdown writes a checkpoint. */
const graceMs = 10_000;

/**
 * Ends every container of the node's containerd, gently first, and deletes it, so that its shim ends too. The kubelet must be stopped
 * before, or it starts them again.
 */
export async function stopContainers({ ctr, socket }: { ctr: string; socket: string }): Promise<void> {
  const client = (args: readonly string[]): Promise<string> =>
    runCommand(ctr, ['--address', socket, '--namespace', 'k8s.io', ...args], { timeout: 15_000 });
  const names = async (args: readonly string[]): Promise<string[]> => (await client(args).catch(() => '')).split('\n').filter(Boolean);
  const tasks = await names(['tasks', 'list', '--quiet']);
  await Promise.all(tasks.map((id) => client(['tasks', 'kill', '--signal', 'SIGTERM', id]).catch(() => undefined)));
  const deadline = Date.now() + graceMs;
  while (Date.now() < deadline && (await runningTasks(client)) > 0) await delay(200);
  for (const id of tasks) await client(['tasks', 'delete', '--force', id]).catch(() => undefined);
  for (const id of await names(['containers', 'list', '--quiet'])) await client(['containers', 'delete', id]).catch(() => undefined);
}

async function runningTasks(client: (args: readonly string[]) => Promise<string>): Promise<number> {
  return (await client(['tasks', 'list']).catch(() => '')).split('\n').filter((line) => line.endsWith('RUNNING')).length;
}
