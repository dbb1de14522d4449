import * as postgresql from '@pulumi/postgresql';
import { ComponentResource, secret } from '@pulumi/pulumi';
import type { PulumiFn, Stack } from '@pulumi/pulumi/automation/index.js';
import test from 'ava';
import { createDriftReader, madeBehindItsBack } from '../../../stacks/read-drift.ts';
import type { DriftChange } from '../../../stacks/operation-protocol.ts';
import { createPulumiFixture, uniqueName } from '../plugins/pulumi-fixture.ts';
import type { PulumiFixture } from '../plugins/pulumi-fixture.ts';

let fixture: PulumiFixture;
test.before(async () => {
  fixture = await createPulumiFixture();
});
test.after.always(() => fixture?.cleanUp());

function withDatabase(name: string, databaseLimit = 7): PulumiFn {
  return () => {
    const { host, port, adminUser, adminPassword } = fixture.server;
    const parent = new ComponentResource('authsome:tenant:Database', 'database');
    const provider = new postgresql.Provider(
      'server',
      { host, port, username: adminUser, password: secret(adminPassword), sslmode: 'disable', superuser: false },
      { parent },
    );
    const role = new postgresql.Role('role', { name, login: true, password: secret('hunter2'), connectionLimit: 5 }, { parent, provider });
    new postgresql.Database('database', { name, owner: role.name, connectionLimit: databaseLimit }, { parent, provider });
    return Promise.resolve({});
  };
}

/** As stacks/automation.ts looks for drift. */
async function look(stack: Stack): Promise<DriftChange[]> {
  const [real, state] = [createDriftReader(), createDriftReader()];
  await stack.preview({ refresh: true, runProgram: true, onEvent: real.onEvent });
  await stack.preview({ onEvent: state.onEvent });
  return madeBehindItsBack(real.changes(), state.changes());
}

test.serial(
  'a stack as it was made has not drifted; what was changed or removed behind its back has, and looking changes nothing',
  async (t) => {
    const name = uniqueName('drift_');
    const stack = await fixture.openStack(name.replaceAll('_', '-'), withDatabase(name));
    await stack.up();
    t.deepEqual(await look(stack), []);

    await fixture.query(`alter role ${name} connection limit 50`);
    const [changed, ...others] = await look(stack);
    t.deepEqual(others, []);
    t.like(changed, { change: 'update', resourceType: 'postgresql:index/role:Role', resourceName: 'role' });
    t.deepEqual(changed?.fields, ['connectionLimit']);
    t.false(JSON.stringify(changed).includes('50'));
    t.deepEqual(await look(stack), [changed]);

    await fixture.query(`drop database ${name}`);
    t.deepEqual((await look(stack)).map(({ change, resourceName }) => [resourceName, change]).toSorted(), [
      ['database', 'create'],
      ['role', 'update'],
    ]);
    await stack.refresh({ runProgram: true });
    await stack.up();
    t.deepEqual(await look(stack), []);
    await stack.destroy({ runProgram: true });
  },
);

test.serial('a newer program alone is no drift, and does not hide what was changed behind the stack’s back', async (t) => {
  const name = uniqueName('newer_');
  const stackName = name.replaceAll('_', '-');
  const older = await fixture.openStack(stackName, withDatabase(name));
  await older.up();
  const newer = await fixture.openStack(stackName, withDatabase(name, 9));
  t.deepEqual(await look(newer), []);

  await fixture.query(`alter role ${name} connection limit 50`);
  t.deepEqual(
    (await look(newer)).map(({ resourceName, fields }) => [resourceName, fields]),
    [['role', ['connectionLimit']]],
  );
  await newer.destroy({ runProgram: true });
});
