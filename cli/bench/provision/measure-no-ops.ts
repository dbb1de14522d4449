import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { median } from '../median.ts';
import type { ProvisionBench } from './provision-bench.ts';

export interface NoOps {
  /** An `up` that finds nothing to change, from the lease to the committed outcome. */
  upMs: number;
  /** The same as a repair, which breaks a lock and refreshes every resource before. */
  repairMs: number;
  ratio: number;
}

const rounds = 5;
const limitMs = 120_000;
const pollMs = 500;

/** The time of operations on one active tenant whose stack is already as it is wanted. */
export async function measureNoOps(bench: ProvisionBench): Promise<NoOps> {
  await bench.tenants.create(1);
  const [appId = ''] = bench.tenants.ids;
  const times: Record<'retry' | 'repair', number[]> = { retry: [], repair: [] };
  for (let round = 1; round <= rounds; round += 1) {
    for (const kind of ['retry', 'repair'] as const) times[kind].push(await timeOperation(bench, appId, kind));
    console.log(`no-op, round ${round}: up ${times.retry.at(-1)} ms, repair ${times.repair.at(-1)} ms`);
  }
  await bench.tenants.destroyAll();
  const [upMs, repairMs] = [Math.round(median(times.retry)), Math.round(median(times.repair))];
  return { upMs, repairMs, ratio: Math.round((repairMs / upMs) * 100) / 100 };
}

const outcomeSchema = z.object({ status: z.string(), changes: z.int().nullable(), elapsed_ms: z.number().nullable() });

/**
 * Asks for the same desired state once more, by a job in the control database: the API takes no change that changes nothing, and `retry`
 * only after a failure. From there on it is an operation like any other.
 *
 * @returns milliseconds from its lease to its committed outcome
 */
async function timeOperation(bench: ProvisionBench, appId: string, kind: 'retry' | 'repair'): Promise<number> {
  const id = z
    .string()
    .regex(/^app_[a-z0-9]+$/)
    .parse(appId);
  const job = await query(
    bench,
    `with wanted as (update applications set generation = generation + 1, status = 'updating' where id = '${id}' and status = 'active' returning generation)
     insert into jobs (id, application_id, kind, generation)
     select 'job_' || substr(md5(random()::text), 1, 20), '${id}', '${kind}', generation from wanted returning id;`,
  );
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline) {
    const answer = await query(
      bench,
      `select json_build_object('status', j.status,
         'changes', (select sum(value::int) from json_each_text((o.progress::jsonb - 'same' - 'lastResource')::json)),
         'elapsed_ms', extract(epoch from o.finished_at - o.started_at) * 1000)
       from jobs j left join operations o on o.job_id = j.id where j.id = '${job}' order by o.fencing_token desc limit 1;`,
    );
    const { status, changes, elapsed_ms: elapsedMs } = outcomeSchema.parse(JSON.parse(answer));
    if (!['queued', 'running'].includes(status)) {
      if (status !== 'succeeded' || elapsedMs === null) throw new Error(`a ${kind} that changes nothing ended as ${status}`);
      if ((changes ?? 0) > 0) throw new Error(`a ${kind} that was to change nothing changed ${changes} resources`);
      return Math.round(elapsedMs);
    }
    await delay(pollMs);
  }
  throw new Error(`a ${kind} that changes nothing took more than ${limitMs / 1_000} s`);
}

/** Asks the control database inside its pod, as its superuser. */
async function query({ kubectl, namespace }: ProvisionBench, sql: string): Promise<string> {
  const command =
    'PGPASSWORD=$(cat /etc/authsome/password) exec psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --host=127.0.0.1 --username=postgres --dbname=authsome_control';
  return (await kubectl(['exec', '--stdin', '--namespace', namespace, 'postgres-0', '--', 'sh', '-c', command], sql)).trim();
}
