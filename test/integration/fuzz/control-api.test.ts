import test from 'ava';
import { createApplication, createWorkspace } from '../../support/application-requests.ts';
import { startControlApi } from '../../support/control-api.ts';
import type { TestControlApi } from '../../support/control-api.ts';
import { signUpOwner } from '../../support/owner-client.ts';
import { newestJob } from '../../support/provisioned-application.ts';
import { controlRoutes } from './control-routes.ts';
import { fuzzRoute } from './fuzz-api.ts';
import type { FuzzTarget } from './fuzz-api.ts';
import { routesOf } from './routes-of.ts';

const operatorToken = 'an operator token of 32 letters and more';
let api: TestControlApi;
/** An owner with a workspace and an application, renewed for each route, as a request may end any of them. */
let known: { token: string; workspaceId: string; applicationId: string; operationId: string };

test.before(async () => {
  api = await startControlApi({ operatorToken });
});
test.after.always(() => api?.close());

const bearer = (token: string) => () => Promise.resolve({ authorization: `Bearer ${token}` });

const target = (): FuzzTarget => ({
  port: Number(new URL(api.url).port),
  credentials: {
    nothing: () => Promise.resolve({}),
    owner: () => bearer(known.token)(),
    operator: bearer(operatorToken),
  },
  privileged: ['owner', 'operator'],
  answered: () => undefined,
  existing(parameter, path) {
    if (parameter === 'operationId') return known.operationId;
    if (path.includes('/workspaces/')) return known.workspaceId;
    return path.includes('/keys/') || path.includes('/sweeps/') ? 'key_unknown1234' : known.applicationId;
  },
});

async function renew(): Promise<void> {
  const owner = await signUpOwner(api.url);
  const workspaceId = await createWorkspace(owner);
  const { body } = await createApplication(owner, workspaceId);
  const { id: operationId } = await newestJob(api.db, body.id);
  known = { token: owner.token, workspaceId, applicationId: body.id, operationId };
}

test('every route of the control API is among those that are tried here', (t) => {
  t.deepEqual(Object.keys(controlRoutes).sort(), routesOf(api.app));
});

for (const [route, input] of Object.entries(controlRoutes)) {
  test.serial(`${route}: whatever it is sent, it answers in the product's form and never with a fault`, async (t) => {
    await renew();
    await fuzzRoute(route, input, target());
    t.is((await fetch(`${api.url}/ready`)).status, 200);
  });
}
