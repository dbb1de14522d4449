import * as random from '@pulumi/random';
import { LocalWorkspace, PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import type { PulumiFn, Stack } from '@pulumi/pulumi/automation/index.js';
import test from 'ava';
import { stackPlace } from '../../../services/provisioner/inventory/stack-place.ts';
import { createStateDatabase } from '../../../services/provisioner/inventory/state-database.ts';
import type { StateDatabase } from '../../../services/provisioner/inventory/state-database.ts';
import { createMetrics } from '../../../services/provisioner/metrics.ts';
import { pruneHistory } from '../../../services/provisioner/maintenance/prune-history.ts';
import { removeStack } from '../../../stacks/remove-stack.ts';
import { tenantProject } from '../../../stacks/tenant-project.ts';
import { createPulumiFixture, uniqueName } from '../plugins/pulumi-fixture.ts';
import type { PulumiFixture } from '../plugins/pulumi-fixture.ts';

// What services/provisioner takes for granted of the keys of Pulumi's own backend.

let fixture: PulumiFixture;
let state: StateDatabase;
test.before(async () => {
  fixture = await createPulumiFixture();
  state = createStateDatabase(fixture.backendUrl);
});
test.after.always(async () => {
  await state?.close();
  await fixture?.cleanUp();
});

const something: PulumiFn = () => {
  new random.RandomId('id', { byteLength: 8 });
  return Promise.resolve({});
};
const open = (stackName: string): Promise<Stack> =>
  LocalWorkspace.createOrSelectStack(
    { stackName, projectName: tenantProject, program: something },
    { pulumiHome: fixture.pulumiHome, envVars: fixture.environment },
  );
const keys = async (stack: string): Promise<string[]> =>
  (await state.query<{ key: string }>(`select key from state where key like $1 order by key`, [`%${stack}%`])).rows.map(({ key }) => key);

/** One after another: concurrent inline programs of one process hang one another. */
test.serial('a stack is found and listed by its keys, and none of them is left after its removal', async (t) => {
  const appId = uniqueName('app_');
  const name = appId.replace('_', '-');
  const stack = await open(name);
  await stack.up();
  const place = stackPlace(state);
  t.deepEqual(await place.find(appId), [{ kind: 'stack', name, appId }]);
  const listed = [];
  for await (const page of place.list()) listed.push(...page.map((thing) => thing.name));
  t.deepEqual(listed, [name]);
  t.log(await keys(name));

  await place.remove({ kind: 'stack', name, appId });
  t.deepEqual(await keys(name), []);
  t.deepEqual(await place.find(appId), []);
});

test.serial('a destroyed stack that the CLI removes leaves nothing to be found', async (t) => {
  const appId = uniqueName('app_');
  const name = appId.replace('_', '-');
  const stack = await open(name);
  await stack.up();
  await stack.destroy();
  const settings = { backendUrl: fixture.backendUrl, passphrase: 'test-passphrase', pulumiHome: fixture.pulumiHome };
  await removeStack({ ...settings, pulumiCommand: await PulumiCommand.get() }, { project: tenantProject, stack: name });
  t.deepEqual(await keys(name), []);
});

test.serial('what pruning leaves of the history is the newest, and the stack goes on', async (t) => {
  const appId = uniqueName('app_');
  const name = appId.replace('_', '-');
  const stack = await open(name);
  for (let update = 0; update < 4; update += 1) await stack.up();
  const history = (await keys(name)).filter((key) => key.includes('/.pulumi/history/'));
  t.is(history.length, 8);
  t.false(await pruneHistory({ state, metrics: createMetrics(), kept: 2 }));
  t.deepEqual(
    (await keys(name)).filter((key) => key.includes('/.pulumi/history/')),
    history.slice(-4),
  );
  t.is((await stack.history()).length, 2);
  t.is((await stack.up()).summary.result, 'succeeded');
});
