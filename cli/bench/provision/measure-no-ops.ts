import { z } from 'zod';
import { operationSchema } from '../../control-client.ts';
import { waitFor } from '../../wait-for.ts';
import { median } from '../median.ts';
import type { ProvisionBench } from './provision-bench.ts';

/** Medians, in milliseconds. */
export interface NoOps {
  /** The `up` of a stack that is already as it is wanted. */
  upMs: number;
  /** Before it: the lock is broken, and every resource looked at. */
  refreshMs: number;
  /** The whole operation, from the worker's lease to the committed outcome. */
  operationMs: number;
}

const rounds = 5;
const limitMs = 120_000;

/** Repairs one active tenant that needs no repair: an operation that changes nothing, but does all that a recovery does. */
export async function measureNoOps({ tenants, operator }: ProvisionBench): Promise<NoOps> {
  await tenants.create(1);
  const [applicationId = ''] = tenants.ids;
  const times: NoOps[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const { operationId } = await operator.command(applicationId, 'repair');
    const ended = await waitFor(
      `repair ${operationId}`,
      async () => {
        const operation = await tenants.ownerOf(applicationId).operation(applicationId, operationId);
        return ['queued', 'running'].includes(operation.status) ? undefined : endedSchema.parse(operation);
      },
      { timeoutMs: limitMs },
    );
    const figures = figuresOf(ended);
    times.push(figures);
    console.log(
      `no-op, round ${round}: up ${figures.upMs} ms after a refresh of ${figures.refreshMs} ms, in all ${figures.operationMs} ms`,
    );
  }
  await tenants.destroyAll();
  const of = (name: keyof NoOps): number => Math.round(median(times.map((figures) => figures[name])));
  return { upMs: of('upMs'), refreshMs: of('refreshMs'), operationMs: of('operationMs') };
}

const time = z.iso.datetime().transform((text) => Date.parse(text));
const endedSchema = operationSchema.extend({
  status: z.literal('succeeded'),
  phases: z.array(z.object({ name: z.string(), startedAt: time, endedAt: time })),
  progress: z.object({ created: z.int().default(0), updated: z.int().default(0), deleted: z.int().default(0) }),
  attempts: z.tuple([z.object({ startedAt: time, finishedAt: time })]),
});

function figuresOf({ phases, progress, attempts: [attempt] }: z.output<typeof endedSchema>): NoOps {
  const changes = progress.created + progress.updated + progress.deleted;
  if (changes > 0) throw new Error(`a repair that was to change nothing changed ${changes} resources`);
  const length = (wanted: string): number => {
    const phase = phases.find(({ name }) => name === wanted);
    return phase === undefined ? Number.NaN : phase.endedAt - phase.startedAt;
  };
  return { upMs: length('applying'), refreshMs: length('recovering'), operationMs: attempt.finishedAt - attempt.startedAt };
}
