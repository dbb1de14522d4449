import test from 'ava';
import { ControlApiError } from '../../cli/control-client.ts';
import { callApplication, deleteApplication, newApplication, newOwner, platform, unique } from './platform-under-test.ts';

const origin = 'https://shop.example.com';

test('preflights are answered beside a flood of requests for public keys, with the headers of tracing libraries', async (t) => {
  const owner = await newOwner();
  const { id } = await newApplication(owner);
  try {
    await owner.client.updateApplication(id, { config: { allowedOrigins: [origin] } });
    const preflight = () =>
      callApplication(id, '/auth/signin', { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });
    const flood = Array.from({ length: 200 }, () => callApplication(id, '/auth/jwks'));
    const answers = await Promise.all(Array.from({ length: 20 }, preflight));
    await Promise.all(flood);
    t.deepEqual([...new Set(answers.map(({ status }) => status))], [204]);
    const { headers } = await preflight();
    t.is(headers.get('access-control-allow-origin'), origin);
    t.regex(headers.get('access-control-allow-headers') ?? '', /Sentry-Trace, Baggage, Traceparent, Tracestate/);
    t.is(headers.get('x-content-type-options'), 'nosniff');
  } finally {
    await deleteApplication(owner, id);
  }
});

test('one account gets three free applications, in however many workspaces', async (t) => {
  const owner = await newOwner();
  const workspaces = [
    owner.workspaceId,
    (await owner.client.createWorkspace('Second')).id,
    (await owner.client.createWorkspace('Third')).id,
  ];
  const asked = await Promise.allSettled(
    Array.from({ length: 6 }, (_, index) =>
      owner.client.createApplication(workspaces[index % 3] ?? '', { name: 'Limit', slug: `limit-${unique()}`, environment: 'development' }),
    ),
  );
  const created = asked.flatMap((result) => (result.status === 'fulfilled' ? [result.value.id] : []));
  try {
    t.is(created.length, 3);
    for (const result of asked) {
      if (result.status === 'rejected') t.is(result.reason instanceof ControlApiError ? result.reason.status : result.reason, 409);
    }
  } finally {
    await Promise.all(created.map((id) => deleteApplication(owner, id)));
  }
});

test('more than 100 headers are refused with 431, by the proxy and by the control API', async (t) => {
  const headers = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`x-${index}`, '1']));
  for (const url of [`${platform.customerUrl}/v1/app_unknown1/x`, `${platform.controlUrl}/control/v1/auth/me`]) {
    t.is((await fetch(url, { headers })).status, 431, url);
  }
});
