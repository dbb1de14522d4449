import { Listr, PRESET_TIMER } from 'listr2';
import type { ListrTask } from 'listr2';
import type { BuiltImage } from '../../toolchain/images/build-images.ts';
import type { ToolBinaries } from '../../toolchain/tools/build-go-tools.ts';
import { refuseWhileRestoring } from '../backups/pause-services.ts';
import { withCheckoutLock } from '../checkout-lock.ts';
import type { CliContext } from '../context.ts';
import { ensureDemoTenant, signUpCommand } from '../demo-tenant.ts';
import type { DemoTenant } from '../demo-tenant.ts';
import { ownerClient } from '../owner.ts';
import { applyPlatform, ensureStack } from '../platform/apply-platform.ts';
import type { PlatformRun } from '../platform/apply-platform.ts';
import { readClusterIdentity, refuseOtherCluster } from '../platform/cluster-identity.ts';
import { describeDrift } from '../platform/describe-drift.ts';
import type { Drift } from '../platform/engine-events.ts';
import { answersReady, observabilityAddresses, platformAddresses, platformNamespace, platformUrls } from '../platform/platform-urls.ts';
import { deliverImages, prepareCluster, prepareImages, preparePackages, preparePulumi } from '../platform/prepare-platform.ts';
import { pulumiEnvironment } from '../platform/pulumi-environment.ts';
import type { PulumiPrograms } from '../platform/pulumi-environment.ts';
import { isPurgeUnfinished, purgeState } from '../platform/purge-state.ts';
import { checkCluster, rememberCluster, rememberedCluster } from '../platform/remembered-cluster.ts';
import { ensureTools } from '../platform/tools.ts';
import { printJson } from '../print.ts';
import { createKubectl } from '../probe/cluster.ts';
import { waitFor } from '../wait-for.ts';

/** What one step leaves for the next. */
interface UpState {
  tools: ToolBinaries;
  images: BuiltImage[];
  programs: PulumiPrograms;
  changed: string[];
  drift: Drift;
  demo: DemoTenant;
}

export interface UpOptions {
  /** Make the demo workspace and application; tests do without. */
  demo: boolean;
  /** The cluster that the state belongs to is gone for good: it belongs to this one from now on. */
  newCluster?: boolean;
}

/**
 * `authsome up`: from nothing to a platform with a tenant that answers. Every step looks first and changes only what differs, so that it can be killed at any moment and run again.
 *
 * @throws CheckoutBusyError, WrongClusterError, ClusterUnreachableError, StackLockedError before anything is changed
 */
export async function up(context: CliContext, options: UpOptions): Promise<void> {
  if (context.interruption !== undefined) context.interruption.hint = 'To go on: ./authsome up';
  await withCheckoutLock(context, './authsome up', () => bringUp(context, options));
}

async function bringUp(context: CliContext, options: UpOptions): Promise<void> {
  const startedAt = performance.now();
  const state: UpState = { changed: [], drift: { recreated: [], putBack: [] } } as unknown as UpState;
  await new Listr<UpState, 'default' | 'silent', 'simple'>(upTasks(context, options), {
    ctx: state,
    concurrent: false,
    // The command has handlers of its own, which let the engine end first.
    registerSignalListeners: false,
    renderer: context.json ? 'silent' : 'default',
    rendererOptions: context.json ? {} : { timer: PRESET_TIMER },
    fallbackRenderer: 'simple',
    fallbackRendererOptions: { timer: PRESET_TIMER },
  }).run();
  const elapsedSeconds = Math.round((performance.now() - startedAt) / 100) / 10;
  const urls = platformUrls(context);
  if (context.json)
    return printJson({ changed: state.changed, drift: state.drift, elapsedSeconds, urls, ...(options.demo ? { demo: state.demo } : {}) });
  console.log(`\n${state.changed.length === 0 ? 'Nothing had to change.' : `Changed: ${state.changed.join(', ')}.`} ${elapsedSeconds} s\n`);
  for (const line of describeDrift(state.drift)) console.log(`${line}\n`);
  console.log(`Control API   ${urls.control}/control/v1`);
  console.log(`Customer API  ${urls.customer}/v1`);
  for (const [name, url] of await observabilityAddresses(context)) console.log(`${name.padEnd(12)}  ${url}`);
  if (!options.demo) return;
  console.log(
    `\nDemo application ${state.demo.applicationId}\n  URL         ${state.demo.url}\n  public key  ${state.demo.publicKey}\n  secret key  ${state.demo.secretKey}`,
  );
  console.log(`\nSign a user up:\n\n${signUpCommand(state.demo)}\n`);
}

function upTasks(context: CliContext, options: UpOptions): ListrTask<UpState>[] {
  const step = (
    title: string,
    run: (state: UpState, say: (line: string) => void) => Promise<void>,
    enabled = true,
  ): ListrTask<UpState> => ({
    title,
    enabled,
    task: (state, task) => {
      let last = '';
      // The plain renderer prints every line: what repeats says nothing.
      return run(state, (line) => {
        if (line !== last) task.output = line;
        last = line;
      });
    },
  });
  const local = context.kind === 'local';
  return [
    step(
      'What a killed `down --purge` left',
      async (_, say) => {
        if (await isPurgeUnfinished(context)) await purgeState(context, say);
      },
      local,
    ),
    step('System packages', (_, say) => preparePackages(context, say)),
    step('Tools', async (state, say) => {
      state.tools = await ensureTools(context, say);
    }),
    // Before anything is built for it or pushed to its registry.
    step('Cluster', () => checkCluster(context), !local && options.newCluster !== true),
    step('Images', async (state, say) => {
      state.images = await prepareImages(context, state.tools, say);
    }),
    step(
      'Local cluster',
      async (state, say) => {
        const { changed } = await prepareCluster(context, state.tools, state.images, say);
        if (changed) state.changed.push('local cluster');
      },
      local,
    ),
    step('Images to the cluster', (state, say) => deliverImages(context, state.images, say)),
    step('Pulumi plugins', async (state, say) => {
      state.programs = await preparePulumi(context, state.tools, say);
    }),
    step('Platform stack', async (state, say) => {
      const env = await pulumiEnvironment(context, state.programs);
      const run = { context, pulumi: state.programs.pulumi, kubectl: state.programs.kubectl, env, say };
      await claimCluster(run, options);
      const { changes, drift } = await applyPlatform(run);
      state.drift = drift;
      const { same: _same, ...different } = changes;
      if (Object.keys(different).length > 0)
        state.changed.push(
          `platform stack (${Object.entries(different)
            .map(([op, count]) => `${count} ${op}`)
            .join(', ')})`,
        );
    }),
    step('Services ready', async () => {
      for (const [name, url] of platformAddresses(context)) {
        await waitFor(`${name} API at ${url}`, async () => ((await answersReady(url)) ? true : undefined), { timeoutMs: 120_000 });
      }
    }),
    step(
      'Demo application',
      async (state, say) => {
        const owner = await ownerClient(context, platformUrls(context).control);
        const { created, ...demo } = await ensureDemoTenant(context, owner, say);
        state.demo = demo;
        if (created) state.changed.push('demo application');
      },
      options.demo,
    ),
  ];
}

/** The state belongs to the first cluster that it is brought up in, and this must be that one. */
async function claimCluster(run: PlatformRun, { newCluster = false }: UpOptions): Promise<void> {
  const { context, kubectl } = run;
  const present = await readClusterIdentity({ kubectl, kubeconfig: context.kubeconfig });
  await ensureStack(run);
  const remembered = await rememberedCluster(run);
  if (!newCluster) refuseOtherCluster(context, remembered, present);
  await refuseWhileRestoring({
    kubectl: createKubectl({ program: kubectl, kubeconfig: context.kubeconfig }),
    namespace: platformNamespace(context),
  });
  if (remembered?.uid !== present.uid) await rememberCluster(run, present);
}
