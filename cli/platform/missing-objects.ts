import { execa } from 'execa';
import { z } from 'zod';
import { CommandError, runCommand } from '../../toolchain/tools/run-command.ts';
import type { ClusterAccess } from './cluster-identity.ts';
import type { StackAccess } from './remembered-cluster.ts';

export interface PlatformObject {
  apiVersion: string;
  kind: string;
  /** Undefined for what is in no namespace. */
  namespace: string | undefined;
  name: string;
}

const deploymentSchema = z.object({
  deployment: z.object({
    resources: z
      .array(
        z.object({
          type: z.string(),
          id: z.string().optional(),
          custom: z.boolean().optional(),
          external: z.boolean().optional(),
          delete: z.boolean().optional(),
          outputs: z.looseObject({ apiVersion: z.unknown().optional(), kind: z.unknown().optional() }).optional(),
        }),
      )
      .default([]),
  }),
});

const exportTimeoutMs = 30_000;
const askTimeoutMs = 60_000;

/** The cluster's objects that should be there, as the stack's state has them. None if there is no stack. */
export async function expectedObjects({ context, pulumi, env }: StackAccess): Promise<PlatformObject[]> {
  const args = ['stack', 'export', '--stack', context.stack, '--non-interactive'];
  const answer = await runCommand(pulumi, args, { cwd: context.paths.repoRoot, env, timeout: exportTimeoutMs }).catch((error: unknown) => {
    if (error instanceof CommandError && /no stack named/.test(error.message)) return '{"deployment":{}}';
    throw error;
  });
  return readObjects(JSON.parse(answer));
}

/** @param state as `pulumi stack export` prints it */
export function readObjects(state: unknown): PlatformObject[] {
  return deploymentSchema.parse(state).deployment.resources.flatMap(({ type, id, custom, external, delete: leaving, outputs }) => {
    const { apiVersion, kind } = outputs ?? {};
    if (!type.startsWith('kubernetes:') || custom !== true || external === true || leaving === true || id === undefined) return [];
    // Patches, charts and the like are no objects.
    if (typeof apiVersion !== 'string' || typeof kind !== 'string') return [];
    const [name = '', namespace] = id.split('/').toReversed();
    return [{ apiVersion, kind, namespace, name }];
  });
}

/**
 * Which of the objects are not in the cluster.
 *
 * @throws Error where the cluster does not answer
 */
export async function missingObjects(
  { kubectl, kubeconfig }: ClusterAccess,
  objects: readonly PlatformObject[],
): Promise<PlatformObject[]> {
  if (objects.length === 0) return [];
  const items = objects.map(({ apiVersion, kind, namespace, name }) => ({
    apiVersion,
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  }));
  // Names only: Secrets are among them.
  const output = `go-template={{range .items}}{{.kind}} {{or .metadata.namespace ""}}/{{.metadata.name}}{{"\\n"}}{{end}}`;
  const args = ['--kubeconfig', kubeconfig, '--request-timeout=10s', 'get', '--filename', '-', '--ignore-not-found', '--output', output];
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const { stdout, stderr, exitCode } = await execa(kubectl, args, { input: list, reject: false, timeout: askTimeoutMs });
  // A kind that is gone is no failure: its objects are gone with it.
  const failed = stderr.split('\n').filter((line) => line.trim() !== '' && !/no matches for kind|NotFound|not found/i.test(line));
  if (exitCode !== 0 && failed.length > 0) throw new Error(failed.at(-1));
  const found = new Set(stdout.split('\n').map((line) => line.replace('<no value>', '')));
  return objects.filter(({ kind, namespace, name }) => !found.has(`${kind} ${namespace ?? ''}/${name}`));
}
