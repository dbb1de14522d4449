import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { createContext } from '../../../cli/context.ts';
import { ensurePulumiTools } from '../../../cli/platform/tools.ts';
import { installPlugins } from '../../../toolchain/plugins/install-plugins.ts';
import type { Cloudflare } from '../../support/cloudflare/start-cloudflare.ts';
import { repoRoot } from '../plugins/pulumi-fixture.ts';

/** A stack whose program is the edge and nothing else, run by the real CLI with the air-gapped plugins; cluster objects become files. */
export interface EdgeProject {
  /** Runs `pulumi` on the stack; `output` is everything that it wrote. */
  pulumi(...args: string[]): Promise<{ exitCode: number | undefined; output: string }>;
  configure(changes: EdgeConfig): Promise<void>;
  /** The Secrets that the cluster would get, by name, decoded. */
  secrets(): Promise<Map<string, z.output<typeof secretSchema>>>;
  remove(): Promise<void>;
}

export interface EdgeConfig {
  apiToken?: string;
  challengeAbovePerMinute?: number;
}

const secretSchema = z.object({
  kind: z.literal('Secret'),
  type: z.string().optional(),
  metadata: z.object({ name: z.string() }),
  data: z.record(
    z.string(),
    z.string().transform((base64) => Buffer.from(base64, 'base64').toString()),
  ),
});

const stack = 'edge';
const commandTimeoutMs = 120_000;

/** @param write the program's text, which may write the objects of a cluster to this folder; the whole edge where left out */
export async function createEdgeProject(cloudflare: Cloudflare, write: (objects: string) => string = edgeProgram): Promise<EdgeProject> {
  const folder = await mkdtemp(join(tmpdir(), 'authsome-edge-'));
  const [home, bin, objects] = ['home', 'bin', 'objects'].map((name) => join(folder, name)) as [string, string, string];
  const tools = await ensurePulumiTools(await createContext({ profile: 'production' }), () => undefined);
  const pulumi = tools.path('pulumi');
  await installPlugins({
    pulumi,
    pulumiHome: home,
    node: process.execPath,
    repoRoot,
    plugins: ['tls', 'cloudflare'],
    kubernetesProvider: tools.path('pulumi-resource-kubernetes'),
    languageHostDir: bin,
  });
  await mkdir(join(folder, 'state'));
  await writeFile(
    join(folder, 'Pulumi.yaml'),
    'name: edge-test\nruntime:\n  name: nodejs\n  options:\n    typescript: false\nmain: index.ts\n',
  );
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'index.ts'), write(objects));
  await symlink(join(repoRoot, 'node_modules'), join(folder, 'node_modules'));
  const env = {
    PATH: [dirname(pulumi), bin, dirname(process.execPath), process.env['PATH']].join(delimiter),
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`,
    PULUMI_CONFIG_PASSPHRASE: 'test-passphrase',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
    KUBECONFIG: '',
    CLOUDFLARE_API_TOKEN: undefined,
  };
  let config: EdgeConfig = { apiToken: cloudflare.apiToken, challengeAbovePerMinute: 1_000 };

  const run = async (args: readonly string[], input?: string): Promise<{ exitCode: number | undefined; output: string }> => {
    const options = {
      cwd: folder,
      env,
      all: true,
      reject: false,
      timeout: commandTimeoutMs,
      ...(input === undefined ? {} : { input }),
    } as const;
    const { exitCode, all } = await execa(pulumi, [...args, '--stack', stack, '--non-interactive'], options);
    return { exitCode, output: all };
  };

  const project: EdgeProject = {
    pulumi: (...args) => run(args),
    async configure(changes) {
      config = { ...config, ...changes };
      const values = {
        'edge-test:zoneId': cloudflare.zone.id,
        'edge-test:challengeAbovePerMinute': config.challengeAbovePerMinute,
        'cloudflare:baseUrl': cloudflare.baseUrl,
      };
      const file = join(folder, `Pulumi.${stack}.yaml`);
      const salt = /^encryptionsalt: .*$/m.exec(await readFile(file, 'utf8').catch(() => ''))?.[0] ?? '';
      await writeFile(file, `${salt}\n${stringify({ config: values })}`);
      // By its input: a token may begin with a hyphen, and would be a flag.
      const set = await run(['config', 'set', '--secret', 'cloudflare:apiToken'], config.apiToken ?? '');
      if (set.exitCode !== 0) throw new Error(`the token could not be set: ${set.output}`);
    },
    async secrets() {
      const files = (await readdir(objects, { recursive: true, withFileTypes: true })).filter((file) => file.isFile());
      const read = async ({ parentPath, name }: { parentPath: string; name: string }) =>
        secretSchema.parse(parse(await readFile(join(parentPath, name), 'utf8')));
      return new Map((await Promise.all(files.map(read))).map((secret) => [secret.metadata.name, secret]));
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
  await execa(pulumi, ['stack', 'init', stack, '--secrets-provider', 'passphrase', '--non-interactive'], { cwd: folder, env });
  await project.configure({});
  return project;
}

function edgeProgram(objects: string): string {
  return `
    import * as kubernetes from '@pulumi/kubernetes';
    import * as pulumi from '@pulumi/pulumi';
    import { Edge } from '${join(repoRoot, 'platform/edge/edge.ts')}';
    const config = new pulumi.Config();
    const cloudflare = new pulumi.Config('cloudflare');
    const provider = new kubernetes.Provider('cluster', { renderYamlToDirectory: '${objects}' });
    new Edge(
      'edge',
      {
        zoneId: config.require('zoneId'),
        origin: '203.0.113.10',
        apiHosts: ['api.example.com'],
        dashboardHost: 'dashboard.example.com',
        rateLimits: { blockAbovePerSecond: 100, challengeAbovePerMinute: config.requireNumber('challengeAbovePerMinute') },
        apiToken: cloudflare.requireSecret('apiToken'),
        baseUrl: cloudflare.require('baseUrl'),
        namespace: 'authsome-system',
      },
      { providers: [provider] },
    );
  `;
}
