import test from 'ava';
import { TenantGroup } from '../../../cli/bench/provision/tenant-group.ts';
import type { ControlClient } from '../../../cli/control-client.ts';

/** A control API whose applications become what `next` says each time they are listed. */
function fakeApi(next: (status: string) => string) {
  const statuses = new Map<string, { workspaceId: string; status: string }>();
  const destroyed: string[] = [];
  let workspaces = 0;
  const client = {
    destroyApplication: (id: string) => destroyApplication(id),
    createWorkspace: () => Promise.resolve({ id: `ws_${(workspaces += 1)}` }),
    createApplication: (workspaceId: string) => {
      const id = `app_${statuses.size + 1}`;
      statuses.set(id, { workspaceId, status: 'provisioning' });
      return Promise.resolve({ id });
    },
    applications: (workspaceId: string) => {
      const own = [...statuses].filter(([, application]) => application.workspaceId === workspaceId);
      for (const [, application] of own) application.status = next(application.status);
      return Promise.resolve(own.map(([id, { status }]) => ({ id, status })).filter(({ status }) => status !== 'deleted'));
    },
  } as unknown as ControlClient;
  const destroyApplication = (id: string): Promise<void> => {
    destroyed.push(id);
    statuses.set(id, { workspaceId: statuses.get(id)?.workspaceId ?? '', status: 'deleting' });
    return Promise.resolve();
  };
  let owners = 0;
  const signUp = (): Promise<ControlClient> => {
    owners += 1;
    return Promise.resolve(client);
  };
  return { signUp, destroyed, counts: () => ({ owners, workspaces }) };
}

const well = (status: string): string => (status === 'provisioning' ? 'active' : status === 'deleting' ? 'deleted' : status);

test('as many accounts are made as the free plan needs, and every application is waited for and removed', async (t) => {
  const api = fakeApi(well);
  const group = new TenantGroup({ ...api, stop: new AbortController().signal });
  t.is((await group.create(7)).length, 7);
  t.deepEqual(api.counts(), { owners: 3, workspaces: 3 });
  await group.destroyAll();
  t.is(api.destroyed.length, 7);
  t.deepEqual(group.ids, []);
});

test('one that fails ends the wait, and is removed all the same', async (t) => {
  const api = fakeApi((status) => (status === 'provisioning' ? 'failed' : well(status)));
  const group = new TenantGroup({ ...api, stop: new AbortController().signal });
  await t.throwsAsync(group.create(2), { message: /failed/ });
  await group.destroyAll();
  t.is(api.destroyed.length, 2);
});

test('a run that is stopped waits no longer, but still removes what it made', async (t) => {
  const api = fakeApi((status) => (status === 'provisioning' ? status : well(status)));
  const stop = new AbortController();
  const group = new TenantGroup({ ...api, stop: stop.signal });
  const creating = group.create(1);
  stop.abort(new Error('stopped'));
  await t.throwsAsync(creating, { message: 'stopped' });
  await group.destroyAll();
  t.is(api.destroyed.length, 1);
});
