import { z } from 'zod';
import { kubectl } from './platform-under-test.ts';

/** The platform's namespace, in which its own parts run. */
const namespace = 'authsome-system';

export type Monitor = 'prometheus:9090' | 'alertmanager:9093' | 'jaeger:16686';

/** Whether the platform under test watches itself; it may have been brought up without. */
export async function isWatched(): Promise<boolean> {
  return (await kubectl(['get', 'statefulset', 'prometheus', '--namespace', namespace])).exitCode === 0;
}

/** Asks one of the monitoring servers through the API server, which needs no port of the node. */
export async function ask<S extends z.ZodType>(monitor: Monitor, path: string, schema: S): Promise<z.output<S>> {
  const url = `/api/v1/namespaces/${namespace}/services/${monitor}/proxy${path}`;
  const { exitCode, stdout, stderr } = await kubectl(['get', '--raw', url]);
  if (exitCode !== 0) throw new Error(`${monitor}${path}: ${stderr}`);
  return schema.parse(JSON.parse(stdout));
}

const answerSchema = z.object({
  status: z.literal('success'),
  data: z.object({ result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })) }),
});

/** The series that an expression of PromQL yields now. @throws Error where Prometheus does not accept it */
export async function series(expr: string): Promise<Record<string, string>[]> {
  return (await query(expr)).map(({ metric }) => metric);
}

/** The value of an expression that yields one; undefined where it yields none. */
export async function value(expr: string): Promise<number | undefined> {
  const [first] = await query(expr);
  return first === undefined ? undefined : Number(first.value[1]);
}

async function query(expr: string) {
  const { data } = await ask('prometheus:9090', `/api/v1/query?query=${encodeURIComponent(expr)}`, answerSchema);
  return data.result;
}

/** The lines of a part's log in the last minutes, parsed. */
export async function logLines(service: string): Promise<Record<string, unknown>[]> {
  const { stdout } = await kubectl([
    'logs',
    '--namespace',
    namespace,
    '--selector',
    `app.kubernetes.io/name=${service}`,
    '--since=5m',
    '--tail=-1',
  ]);
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
