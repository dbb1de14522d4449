import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { operationMessageSchema } from '../../../stacks/operation-protocol.ts';
import type { OperationMessage, OperationRequestInput } from '../../../stacks/operation-protocol.ts';
import { repoRoot } from '../plugins/pulumi-fixture.ts';

export interface OperationProcess {
  child: ChildProcess;
  messages: OperationMessage[];
  /** Resolves with the first message that fits. */
  waitFor(fits: (message: OperationMessage) => boolean): Promise<OperationMessage>;
  /** Exit code and last message, when it has ended. */
  ended: Promise<{ code: number | null; last: OperationMessage | undefined; stderr: string }>;
}

/** Starts the operation process with a request, as the provisioner does; standard input stays open. */
export function startOperation(environment: Record<string, string>, request: OperationRequestInput | string | undefined): OperationProcess {
  const child = spawn(process.execPath, [join(repoRoot, 'stacks/operation-child.ts')], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const messages: OperationMessage[] = [];
  const waiting = new Set<() => void>();
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    messages.push(operationMessageSchema.parse(JSON.parse(line)));
    for (const wake of waiting) wake();
  });
  if (request !== undefined) child.stdin?.write(`${typeof request === 'string' ? request : JSON.stringify(request)}\n`);
  const ended = Promise.all([once(child, 'exit'), once(lines, 'close')]).then(([[code]]) => {
    for (const wake of waiting) wake();
    return { code: code as number | null, last: messages.at(-1), stderr };
  });
  return {
    child,
    messages,
    ended,
    waitFor: async (fits) => {
      for (;;) {
        const found = messages.find(fits);
        if (found) return found;
        if (child.exitCode !== null) throw new Error(`the operation ended first: ${JSON.stringify(messages.at(-1))} ${stderr}`);
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
        });
      }
    },
  };
}
