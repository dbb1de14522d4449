import test from 'ava';
import Router from '@koa/router';
import { setTimeout as pause } from 'node:timers/promises';
import { appErrors } from '../../../services/shared/errors.ts';
import { createHealthRouter } from '../../../services/shared/http/health-router.ts';
import { createKoa } from '../../../services/shared/http/create-koa.ts';
import type { RequestState } from '../../../services/shared/http/create-koa.ts';
import { listen } from '../../../services/shared/http/listen.ts';
import { createLog } from '../../../services/shared/log.ts';
import type { ErrorAnswer } from '../../support/owner-client.ts';

const checks: Record<string, () => Promise<void>> = {
  good: () => Promise.resolve(),
};

async function serve(route: (router: Router<RequestState>) => void) {
  const lines: string[] = [];
  const log = createLog({ name: 'test', level: 'info' }, { write: (line) => void lines.push(line) });
  const koa = createKoa({ log });
  const router = new Router<RequestState>();
  route(router);
  koa.use(router.routes());
  const http = await listen(koa.callback(), { port: 0, host: '127.0.0.1' });
  return { ...http, lines, url: `http://127.0.0.1:${http.port}` };
}

const healthy = (withChecks: Record<string, () => Promise<void>>) => async () => {
  const health = createHealthRouter({ checks: withChecks });
  const koa = createKoa({ log: createLog({ name: 'test', level: 'silent' }) });
  koa.use(health.routes());
  return listen(koa.callback(), { port: 0, host: '127.0.0.1' });
};

test('a request id is made, and a client keeps its own only in the agreed form', async (t) => {
  const server = await serve((router) => router.get('/', (ctx) => void (ctx.body = 'ok')));
  t.teardown(() => server.close(0));
  const idFor = async (given?: string) =>
    (await fetch(server.url, { headers: given === undefined ? {} : { 'x-authsome-request-id': given } })).headers.get(
      'x-authsome-request-id',
    ) ?? '';
  t.regex(await idFor(), /^req_[a-z0-9]{20}$/);
  t.is(await idFor('req_fromTheClient1'), 'req_fromTheClient1');
  for (const bad of ['req_short', 'other_12345678', `req_${'a'.repeat(65)}`, 'req_1234"5678', '']) t.not(await idFor(bad), bad);
});

test('an error is rendered, logged once where it is ours, and not logged as one where it is the client’s', async (t) => {
  const server = await serve((router) => {
    router.get('/ours', () => {
      throw new Error('broken inside');
    });
    router.get('/theirs', () => {
      throw appErrors.conflict({ field: 'slug', reason: 'is taken' });
    });
  });
  t.teardown(() => server.close(0));
  const ours = await fetch(`${server.url}/ours`);
  t.is(ours.status, 500);
  t.false((await ours.text()).includes('broken inside'));
  t.is((await fetch(`${server.url}/theirs`)).status, 409);
  const errors = server.lines
    .map((line) => JSON.parse(line) as { level: string; err?: { message: string } })
    .filter(({ level }) => level === 'error');
  t.deepEqual(
    errors.map(({ err }) => err?.message),
    ['broken inside'],
  );
});

test('an unknown path is not_found in the product’s format', async (t) => {
  const server = await serve((router) => router.get('/known', (ctx) => void (ctx.body = 'ok')));
  t.teardown(() => server.close(0));
  for (const [method, path] of [
    ['GET', '/unknown'],
    ['POST', '/known'],
    ['GET', '/%ff'],
  ] as const) {
    const answer = await fetch(`${server.url}${path}`, { method });
    t.is(answer.status, 404);
    t.is(((await answer.json()) as ErrorAnswer).error.code, 'not_found');
  }
});

test('closing lets the open request finish and takes no new one', async (t) => {
  let began = (): void => undefined;
  const begun = new Promise<void>((resolve) => (began = resolve));
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const server = await serve((router) =>
    router.get('/', async (ctx) => {
      began();
      await finished;
      ctx.body = 'done';
    }),
  );
  const open = fetch(server.url);
  await begun;
  const closing = server.close(10_000);
  await t.throwsAsync(fetch(server.url));
  finish();
  const answer = await open;
  t.is(await answer.text(), 'done');
  t.is(answer.headers.get('connection'), 'close');
  await closing;
});

test('closing cuts what does not finish in time', async (t) => {
  let began = (): void => undefined;
  const begun = new Promise<void>((resolve) => (began = resolve));
  const server = await serve((router) =>
    router.get('/', async () => {
      began();
      await pause(60_000, undefined, { ref: false });
    }),
  );
  const open = fetch(server.url);
  await begun;
  const startedAt = performance.now();
  await Promise.all([server.close(100), t.throwsAsync(open)]);
  t.true(performance.now() - startedAt < 5_000);
});

test('a port that is taken rejects', async (t) => {
  const server = await serve(() => undefined);
  t.teardown(() => server.close(0));
  await t.throwsAsync(
    listen(() => undefined, { port: server.port, host: '127.0.0.1' }),
    { code: 'EADDRINUSE' },
  );
});

test('a process is ready only while every check passes, alive all the time, and shows no metrics where its callers are', async (t) => {
  const failing = { ...checks, bad: () => Promise.reject(new Error('postgres://u:hunter2@h')) };
  for (const [withChecks, expected] of [
    [checks, 200],
    [failing, 503],
  ] as const) {
    const http = await healthy(withChecks)();
    const ready = await fetch(`http://127.0.0.1:${http.port}/ready`);
    t.is(ready.status, expected);
    t.false((await ready.text()).includes('hunter2'));
    t.is((await fetch(`http://127.0.0.1:${http.port}/health`)).status, 200);
    t.is((await fetch(`http://127.0.0.1:${http.port}/metrics`)).status, 404);
    await http.close(0);
  }
});

test('a check that hangs makes a process not ready within three seconds', async (t) => {
  const http = await healthy({ hung: () => new Promise(() => undefined) })();
  t.teardown(() => http.close(0));
  const answer = await fetch(`http://127.0.0.1:${http.port}/ready`, { signal: AbortSignal.timeout(3_000) });
  t.is(answer.status, 503);
  t.deepEqual(await answer.json(), { status: 'unavailable', checks: { hung: 'timeout' } });
});

test('a server that is away is answered with 503, which a caller may try again, and is logged', async (t) => {
  const away = Object.assign(new Error('connect ECONNREFUSED postgres://u:hunter2@h'), { code: 'ECONNREFUSED' });
  const server = await serve((router) => router.get('/', () => Promise.reject(away)));
  t.teardown(() => server.close(0));
  const answer = await fetch(server.url);
  t.is(answer.status, 503);
  const text = await answer.text();
  t.regex(text, /"service_unavailable".*"upstream"/);
  t.false(text.includes('hunter2'));
  t.true(server.lines.some((line) => line.includes('Request failed') && line.includes('ECONNREFUSED')));
});
