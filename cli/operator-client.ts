import { z } from 'zod';
import { runCommand } from '../toolchain/tools/run-command.ts';
import { callApi } from './call-api.ts';
import type { CliContext } from './context.ts';
import { applicationSchema, operationSchema, pageOf } from './control-client.ts';
import { platformNamespace } from './platform/platform-urls.ts';
import { checkCluster } from './platform/remembered-cluster.ts';
import { findKubectl } from './platform/tools.ts';

const planSchema = z.object({
  id: z.string(),
  name: z.string(),
  plan: z.string(),
  previousPlan: z.string(),
  /** Ids of the applications that are brought to the plan. */
  updating: z.array(z.string()),
});
const repairSchema = z.object({
  applicationId: z.string(),
  name: z.string(),
  status: z.string(),
  problem: z.string(),
  operationId: z.string(),
  kind: z.string(),
  phase: z.string().nullable(),
  attempts: z.int(),
  cause: z.object({ code: z.string(), message: z.string() }).nullable(),
  remedy: z.string().nullable(),
  since: z.string(),
});
const thingSchema = z.object({ kind: z.string(), name: z.string() });
const driftSchema = z.object({
  applicationId: z.string(),
  generation: z.int(),
  changes: z.array(z.object({ change: z.string(), resourceType: z.string(), resourceName: z.string(), fields: z.array(z.string()) })),
  error: z.string().nullable(),
  checkedAt: z.string(),
});
const deletionSchema = z.object({
  applicationId: z.string(),
  name: z.string(),
  slug: z.string(),
  removed: z.array(thingSchema.loose()),
  verified: z.array(thingSchema.loose()),
  requestedAt: z.string().nullable(),
  verifiedAt: z.string(),
});
const inspectionSchema = applicationSchema.extend({
  workspace: z.object({ id: z.string(), name: z.string(), plan: z.string() }).loose(),
  state: z.object({ desired: z.string(), generation: z.int(), observedGeneration: z.int(), serving: z.boolean() }).loose(),
  namespace: z.string().nullable(),
  operations: z.array(
    operationSchema.extend({
      attempts: z.array(z.object({ id: z.string(), status: z.string(), worker: z.string(), phase: z.string() }).loose()),
    }),
  ),
  drift: driftSchema.nullable(),
  deletion: deletionSchema.nullable(),
  events: z.array(z.object({ type: z.string(), createdAt: z.string() }).loose()),
});
const sweepSchema = z.object({
  id: z.string(),
  status: z.enum(['queued', 'running', 'finished', 'failed']),
  repair: z.boolean(),
  findings: z.array(
    z.object({ kind: z.string(), name: z.string(), applicationId: z.string(), problem: z.string(), outcome: z.string().nullable() }),
  ),
  error: z.string().nullable(),
  createdAt: z.string(),
  finishedAt: z.string().nullable(),
});
const commandedSchema = z.object({ id: z.string(), status: z.string(), operationId: z.string() });

export type WorkspaceOnPlan = z.output<typeof planSchema>;
export type Repair = z.output<typeof repairSchema>;
export type Inspection = z.output<typeof inspectionSchema>;
export type Drift = z.output<typeof driftSchema>;
export type Deletion = z.output<typeof deletionSchema>;
export type Sweep = z.output<typeof sweepSchema>;
export type CommandedByOperator = z.output<typeof commandedSchema>;

/** A client of the control API that acts as the platform's operator. */
export class OperatorClient {
  readonly #base: string;
  readonly #token: string;

  /** @param baseUrl of the control API, without `/operator/v1` */
  constructor(baseUrl: string, token: string) {
    this.#base = `${baseUrl}/operator/v1`;
    this.#token = token;
  }

  setPlan(workspaceId: string, plan: string): Promise<WorkspaceOnPlan> {
    return this.#call('PUT', `/workspaces/${encodeURIComponent(workspaceId)}/plan`, planSchema, { plan });
  }

  /** The first hundred of those that need a look, with the number of all. */
  repairs(): Promise<{ data: Repair[]; total: number }> {
    return this.#call('GET', '/repairs?pageSize=100', pageOf(repairSchema));
  }

  inspect(applicationId: string): Promise<Inspection> {
    return this.#call('GET', `/applications/${encodeURIComponent(applicationId)}`, inspectionSchema);
  }

  /** retry: once more after a failure. repair: with a look at what is really there. */
  command(applicationId: string, kind: 'retry' | 'repair'): Promise<CommandedByOperator> {
    return this.#call('POST', `/applications/${encodeURIComponent(applicationId)}/${kind}`, commandedSchema);
  }

  /** The first hundred applications that are not as their stacks want them, with the number of all. */
  drift(): Promise<{ data: Drift[]; total: number }> {
    return this.#call('GET', '/drift?pageSize=100', pageOf(driftSchema));
  }

  deletion(applicationId: string): Promise<Deletion> {
    return this.#call('GET', `/deletions/${encodeURIComponent(applicationId)}`, deletionSchema);
  }

  requestSweep(input: { repair: boolean }): Promise<Sweep> {
    return this.#call('POST', '/sweeps', sweepSchema, input);
  }

  sweep(id: string): Promise<Sweep> {
    return this.#call('GET', `/sweeps/${encodeURIComponent(id)}`, sweepSchema);
  }

  #call<Schema extends z.ZodType>(method: string, path: string, schema: Schema, body?: unknown): Promise<z.output<Schema>> {
    return callApi({ method, url: `${this.#base}${path}`, token: this.#token, body }, schema);
  }
}

/** The operator's client, with AUTHSOME_OPERATOR_TOKEN, or with what the control API's Secret in the cluster holds. */
export async function operatorClient(
  context: CliContext,
  controlUrl: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<OperatorClient> {
  return new OperatorClient(controlUrl, env['AUTHSOME_OPERATOR_TOKEN'] ?? (await readToken(context)));
}

async function readToken(context: CliContext): Promise<string> {
  const encoded = await runCommand(await findKubectl(context), [
    ...['--kubeconfig', context.kubeconfig, '--request-timeout=10s', '--namespace', platformNamespace(context)],
    ...['get', 'secret', 'control-api', '--output', 'jsonpath={.data.OPERATOR_TOKEN}'],
  ]).catch(async (error: unknown) => {
    // In a sentence, if it is the cluster that can't be asked, or is another one.
    await checkCluster(context);
    throw error;
  });
  if (encoded === '') throw new Error('The platform has no operator token yet: ./authsome up makes one');
  return Buffer.from(encoded, 'base64').toString('utf8');
}
