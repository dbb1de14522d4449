import { z } from 'zod';
import { runCommand } from '../toolchain/tools/run-command.ts';
import { callApi } from './call-api.ts';
import type { CliContext } from './context.ts';
import { platformNamespace } from './platform/platform-urls.ts';
import { findKubectl } from './platform/tools.ts';

const planSchema = z.object({
  id: z.string(),
  name: z.string(),
  plan: z.string(),
  previousPlan: z.string(),
  /** Ids of the applications that are brought to the plan. */
  updating: z.array(z.string()),
});
export type WorkspaceOnPlan = z.output<typeof planSchema>;

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
    const url = `${this.#base}/workspaces/${encodeURIComponent(workspaceId)}/plan`;
    return callApi({ method: 'PUT', url, token: this.#token, body: { plan } }, planSchema);
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
  ]);
  if (encoded === '') throw new Error('The platform has no operator token yet: ./authsome up makes one');
  return Buffer.from(encoded, 'base64').toString('utf8');
}
