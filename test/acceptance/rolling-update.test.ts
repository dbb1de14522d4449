import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { waitUntilActive } from '../../cli/application-readiness.ts';
import { callApplication, deleteApplication, newApplication, newOwner, unique } from './platform-under-test.ts';

/** Below the free plan's 10 requests a second and key. */
const pauseMs = 150;

test('a change of configuration rolls the pods, and no request fails meanwhile', async (t) => {
  t.timeout(600_000);
  const owner = await newOwner();
  const { id, publicKey: key } = await newApplication(owner);
  try {
    const body = { email: `${unique()}@example.com`, password: 'correct horse battery staple' };
    const signedUp = await callApplication(id, '/auth/signup', { key, body });
    t.is(signedUp.status, 201);
    const sessionToken = (signedUp.body as { session: { token: string } }).session.token;

    let rolling = true;
    const statuses = new Map<number | string, number>();
    const load = (async () => {
      while (rolling) {
        const status = await callApplication(id, '/auth/session', { key, sessionToken }).then(
          (answer) => answer.status,
          (error: unknown) => String(error),
        );
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        await delay(pauseMs);
      }
    })();
    const updating = await owner.client.updateApplication(id, { config: { allowedOrigins: ['https://rolled.example.com'] } });
    t.is(updating.status, 'updating');
    await waitUntilActive(owner.client, id, () => undefined);
    // The old pod's connections end after the new one has taken over.
    await delay(5_000);
    rolling = false;
    await load;

    t.deepEqual([...statuses.keys()], [200], JSON.stringify([...statuses]));
    t.true((statuses.get(200) ?? 0) >= 20, JSON.stringify([...statuses]));
    const preflight = await callApplication(id, '/auth/session', { key, sessionToken, headers: { origin: 'https://rolled.example.com' } });
    t.is(preflight.headers.get('access-control-allow-origin'), 'https://rolled.example.com');
  } finally {
    await deleteApplication(owner, id);
  }
});
