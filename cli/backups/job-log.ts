import { z } from 'zod';
import type { ClusterJobOptions } from './cluster-job.ts';

/** One line of the backup service's log. */
const lineSchema = z.looseObject({
  level: z.string(),
  msg: z.string(),
  database: z.string().optional(),
  runId: z.string().optional(),
  bytes: z.number().optional(),
  done: z.number().optional(),
  total: z.number().optional(),
  error: z.string().optional(),
  err: z.looseObject({ message: z.string(), cause: z.looseObject({ message: z.string() }).optional() }).optional(),
});

export type JobLine = z.output<typeof lineSchema>;

export interface JobLog {
  lines: JobLine[];
  /** What the task answered, as its last line. */
  result: unknown;
  /** Why it failed. */
  error: string | undefined;
}

/** Everything that a Job's program has written so far; nothing while its pod has not started. */
export async function readJobLog({ kubectl, namespace, cronJob }: ClusterJobOptions, name: string): Promise<JobLog> {
  const { exitCode, stdout } = await kubectl(['logs', `job/${name}`, '--namespace', namespace, '--container', cronJob, '--tail=-1']);
  const parsed = exitCode === 0 ? stdout.split('\n').flatMap(parseLine) : [];
  const lines = parsed.flatMap((value) => lineSchema.safeParse(value).data ?? []);
  const result = parsed.flatMap((value) => (isObject(value) && 'result' in value ? [value['result']] : [])).at(-1);
  const fatal = lines.findLast(({ level }) => level === 'fatal');
  const error = fatal && [fatal.err?.message ?? fatal.msg, fatal.err?.cause?.message].filter(Boolean).join(': ');
  return { lines, result, error };
}

/** What a line says to a person, or nothing where it says nothing to them. */
export function describeLine({ level, msg, database, bytes, done, total, error, err }: JobLine): string | undefined {
  const count = done === undefined || total === undefined ? '' : ` (${done} of ${total})`;
  if (database !== undefined) {
    const outcome = error ?? err?.message;
    return `${level === 'error' ? '✘' : '✔'} ${database}${bytes === undefined ? '' : ` ${describeBytes(bytes)}`}${count}${outcome === undefined ? '' : `: ${outcome}`}`;
  }
  return level === 'warn' || level === 'error' ? `${msg}${err === undefined ? '' : `: ${err.message}`}` : undefined;
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function describeBytes(bytes: number): string {
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  return `${power === 0 ? bytes : (bytes / 2 ** (power * 10)).toFixed(1)} ${units[power]}`;
}

function parseLine(line: string): unknown[] {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
