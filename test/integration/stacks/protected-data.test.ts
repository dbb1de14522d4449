import * as postgresql from '@pulumi/postgresql';
import { ComponentResource, secret } from '@pulumi/pulumi';
import { PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import type { PulumiFn, Stack } from '@pulumi/pulumi/automation/index.js';
import test from 'ava';
import { everythingOnDatabaseServers } from '../../../stacks/automation.ts';
import { classifyError } from '../../../stacks/classify-error.ts';
import { ignoreProtection } from '../../../stacks/ignore-protection.ts';
import { createPulumiFixture, uniqueName } from '../plugins/pulumi-fixture.ts';
import type { PulumiFixture } from '../plugins/pulumi-fixture.ts';

// What stacks/automation.ts and the tenant program take for granted of the engine.

let fixture: PulumiFixture;
test.before(async () => {
  fixture = await createPulumiFixture();
});
test.after.always(() => fixture.cleanUp());

/** A protected role below a component, as the tenant program has it; a closed port stands for a server that is gone. */
function withRole(name: string, port = fixture.server.port): PulumiFn {
  return () => {
    const { host, adminUser, adminPassword } = fixture.server;
    const parent = new ComponentResource('authsome:tenant:Database', 'database');
    const provider = new postgresql.Provider(
      'server',
      { host, port, username: adminUser, password: secret(adminPassword), sslmode: 'disable', superuser: false, connectTimeout: 1 },
      { parent },
    );
    new postgresql.Role('role', { name }, { parent, provider, protect: true });
    return Promise.resolve({});
  };
}

const nothing: PulumiFn = () => Promise.resolve({});
const open = async (name: string, program: PulumiFn): Promise<Stack> =>
  fixture.openStack(name.replaceAll('_', '-'), program, ignoreProtection(await PulumiCommand.get()));
const exists = async (name: string): Promise<boolean> =>
  (await fixture.query(`select 1 from pg_roles where rolname = '${name}'`)).length === 1;

/** Tests run one after another: concurrent inline programs of one process hang one another. */
test.serial('an up that would delete protected data fails for good and deletes nothing; a destroy of the tenant deletes it', async (t) => {
  const name = uniqueName('role_');
  const stack = await open(name, withRole(name));
  await stack.up();
  stack.workspace.program = nothing;
  const error = await t.throwsAsync(stack.up());
  t.like(classifyError(error, { diagnostics: [], secrets: [] }), { code: 'data_protected', retryable: false });
  t.true(await exists(name));
  stack.workspace.program = withRole(name);
  await stack.destroy({ runProgram: true });
  t.false(await exists(name));
});

test.serial('what a spec names no more is destroyed with the rest', async (t) => {
  const name = uniqueName('role_');
  const stack = await open(name, withRole(name));
  await stack.up();
  stack.workspace.program = nothing;
  await stack.destroy({ runProgram: true });
  t.false(await exists(name));
  const { resources = [] } = (await stack.exportStack()).deployment as { resources?: unknown[] };
  t.deepEqual(resources, []);
});

test.serial('a recovery does not ask a database server that may be gone', async (t) => {
  const name = uniqueName('role_');
  const stack = await open(name, withRole(name));
  await stack.up();
  stack.workspace.program = withRole(name, 1);
  const recovery = { clearPendingCreates: true, runProgram: true };
  await t.throwsAsync(stack.refresh(recovery), { message: /ECONNREFUSED/ });
  await stack.refresh({ ...recovery, exclude: [everythingOnDatabaseServers] });
  stack.workspace.program = withRole(name);
  const { summary } = await stack.destroy({ runProgram: true });
  t.is(summary.resourceChanges?.delete, 4);
  t.false(await exists(name));
});
