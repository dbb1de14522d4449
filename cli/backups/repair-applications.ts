import { setTimeout as delay } from 'node:timers/promises';
import { ControlApiError } from '../call-api.ts';
import type { OperatorClient } from '../operator-client.ts';

export interface RepairedApplication {
  id: string;
  status: string;
  error: string | null;
}

interface RepairOptions {
  client: Pick<OperatorClient, 'command' | 'inspect'>;
  applications: readonly string[];
  say: (line: string) => void;
  /** For all of them together. */
  timeoutMs?: number;
  pollMs?: number;
}

/** Making one application anew takes half a minute; some are made at once. */
const baseMs = 15 * 60_000;
const perApplicationMs = 60_000;
/** The operator may call a few times a second. */
const defaultPollMs = 500;

/**
 * Has every restored application's stack compared with what is there, which in a new cluster is nothing, and made again; and waits. One that fails is
 * tried once more: its own database server may have been without its data yet.
 */
export async function repairApplications({ client, applications, say, ...limits }: RepairOptions): Promise<RepairedApplication[]> {
  const pollMs = limits.pollMs ?? defaultPollMs;
  const deadline = Date.now() + (limits.timeoutMs ?? baseMs + applications.length * perApplicationMs);
  const first = await runAll({ client, say, pollMs, deadline }, applications);
  const failed = first.filter(({ error }) => error !== null).map(({ id }) => id);
  if (failed.length === 0) return first;
  const second = await runAll({ client, say, pollMs, deadline }, failed);
  return first.map((outcome) => second.find(({ id }) => id === outcome.id) ?? outcome);
}

interface Round extends Pick<RepairOptions, 'client' | 'say'> {
  pollMs: number;
  deadline: number;
}

async function runAll(round: Round, applications: readonly string[]): Promise<RepairedApplication[]> {
  const asked: { id: string; operationId: string | null; error: string | null }[] = [];
  for (const id of applications) {
    asked.push({ id, ...(await ask(round, id)) });
    await delay(round.pollMs);
  }
  const outcomes: RepairedApplication[] = [];
  for (const { id, operationId, error } of asked) {
    const outcome = operationId === null ? { id, status: 'unknown', error } : await waitFor(round, id, operationId);
    round.say(`${outcome.error === null ? '✔' : '✘'} ${id} ${outcome.status} (${outcomes.length + 1} of ${asked.length})`);
    outcomes.push(outcome);
  }
  return outcomes;
}

async function ask({ client, pollMs, deadline }: Round, id: string): Promise<{ operationId: string | null; error: string | null }> {
  for (;;) {
    try {
      return { operationId: (await client.command(id, 'repair')).operationId, error: null };
    } catch (error) {
      const busy = !(error instanceof ControlApiError) || error.status === 429 || error.status >= 500;
      if (!busy || Date.now() >= deadline) return { operationId: null, error: describe(error) };
      await delay(pollMs * 4);
    }
  }
}

async function waitFor({ client, pollMs, deadline }: Round, id: string, operationId: string): Promise<RepairedApplication> {
  for (;;) {
    // A replica that restarts answers again in a moment.
    const found = await client.inspect(id).catch(() => undefined);
    const operation = found?.operations.find((candidate) => candidate.id === operationId);
    if (found !== undefined && operation !== undefined && operation.status !== 'queued' && operation.status !== 'running') {
      const failure = found.status === 'failed' ? (found.failure?.message ?? 'its operation failed') : null;
      return {
        id,
        status: found.status,
        error:
          operation.status === 'succeeded' || operation.status === 'superseded'
            ? failure
            : (failure ?? `operation ${operationId} is ${operation.status}`),
      };
    }
    if (Date.now() >= deadline) return { id, status: found?.status ?? 'unknown', error: 'it was not repaired in time' };
    await delay(pollMs);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
