import { connect } from 'node:net';
import test from 'ava';
import fc from 'fast-check';
import { newId } from '../../../services/shared/ids.ts';
import { startProxy } from '../proxy/start-proxy.ts';
import type { TestApp, TestProxy } from '../proxy/start-proxy.ts';
import { startUpstream } from '../proxy/start-upstream.ts';
import type { TestUpstream } from '../proxy/start-upstream.ts';
import { malformed, requestIdPlace, wellFormed } from './raw-requests.ts';
import { readAnswers } from './read-answers.ts';
import type { RawAnswer } from './read-answers.ts';
import { runProperty } from './run-property.ts';

let proxy: TestProxy;
let upstream: TestUpstream;
let app: TestApp;
test.before(async () => {
  [proxy, upstream] = await Promise.all([startProxy(), startUpstream()]);
  app = await proxy.addApp({ url: upstream.url, plan: 'enterprise' });
});
test.after.always(async () => {
  await proxy?.stop();
  await upstream?.stop();
});

/** Only to end the connection. */
const lastRequest = (id: string): string => `GET /health HTTP/1.1\r\nHost: a\r\nX-AuthSome-Request-ID: ${id}\r\nConnection: close\r\n\r\n`;
const idOf = ({ headers }: RawAnswer): string | undefined => headers['x-authsome-request-id'];
const endsConnection = ({ headers }: RawAnswer): boolean => headers['connection']?.toLowerCase() === 'close';

test.serial(
  'requests in a row on one connection: one answer each, in their order, never a fault, and none gets another’s bytes',
  async (t) => {
    const requests = fc.array(wellFormed({ appId: app.appId, key: app.secretKey }), { minLength: 1, maxLength: 4 });
    await runProperty(
      fc.asyncProperty(requests, cuts, async (made, pieces) => {
        const ids = made.map(() => newId('req'));
        const last = newId('req');
        const bytes = made.map((request, index) => request.replace(requestIdPlace, ids[index] ?? '')).join('') + lastRequest(last);
        const received = upstream.received.length;
        const answers = readAnswers(await exchange(proxy.port, bytes, pieces));
        assertNoFault(answers);
        // An answer may end the connection, and says so; the requests behind it are then to be sent again.
        const closing = answers.findIndex(endsConnection);
        if (closing !== answers.length - 1) throw new Error('an answer after the connection’s end was announced');
        assertSame(answers.map(idOf), [...ids, last].slice(0, answers.length));
        if (upstream.received.length - received > made.length) throw new Error('the instance got more requests than there were');
        if (upstream.received.slice(received).some(({ url }) => url.includes('smuggled'))) throw new Error('a body became a request');
      }),
      3,
    );
    t.is(await statusOfApp(), 200);
  },
);

test.serial('garbage behind requests costs none of them its answer, and is itself answered once at most', async (t) => {
  const requests = fc.array(wellFormed({ appId: app.appId, key: app.secretKey }), { maxLength: 3 });
  await runProperty(
    fc.asyncProperty(requests, malformed, cuts, async (made, garbage, pieces) => {
      const ids = made.map(() => newId('req'));
      const bytes = made.map((request, index) => request.replace(requestIdPlace, ids[index] ?? '')).join('') + garbage;
      const answers = readAnswers(await exchange(proxy.port, bytes, pieces));
      assertNoFault(answers);
      const answered = answers.slice(0, ids.length);
      assertSame(answered.map(idOf), ids.slice(0, answered.length));
      const cutShort = answered.length < ids.length;
      if (cutShort && !(answered.at(-1) && endsConnection(answered.at(-1)!))) throw new Error('a request was not answered');
    }),
    2,
  );
  t.is(await statusOfApp(), 200);
});

async function statusOfApp(): Promise<number> {
  return (await fetch(`${proxy.url}/v1/${app.appId}/x`, { headers: { authorization: `Bearer ${app.secretKey}` } })).status;
}

/** Where the bytes are cut into packets, as parts of their length. */
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 });

function assertNoFault(answers: readonly RawAnswer[]): void {
  const fault = answers.find(({ status }) => status >= 500);
  if (fault !== undefined) throw new Error(`a fault of ours: ${fault.status} ${fault.body}`);
}

function assertSame(actual: readonly (string | undefined)[], expected: readonly string[]): void {
  if (actual.join() !== expected.join()) throw new Error(`answers to ${actual.join()} instead of ${expected.join()}`);
}

/** All that comes back until the proxy ends the connection, or says nothing for a second after it has answered. */
async function exchange(port: number, bytes: string, pieces: readonly number[]): Promise<string> {
  const positions = [0, ...pieces.map((piece) => Math.floor(piece * bytes.length)).sort((a, b) => a - b), bytes.length];
  return new Promise((resolve, reject) => {
    let received = '';
    let quiet: NodeJS.Timeout | undefined;
    const limit = setTimeout(() => socket.destroy(new Error(`no end within 20 s, received ${received}`)), 20_000);
    const socket = connect(port, '127.0.0.1', () => void send());
    const send = async (): Promise<void> => {
      for (const [index, from] of positions.entries()) {
        if (socket.destroyed) return;
        socket.write(bytes.slice(from, positions[index + 1] ?? from), 'latin1');
        await new Promise((sent) => setImmediate(sent));
      }
    };
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      clearTimeout(quiet);
      quiet = setTimeout(() => socket.destroy(), 1_000);
    });
    // The proxy may end the connection while there is still something to be sent.
    socket.on('error', (error: NodeJS.ErrnoException) => (['ECONNRESET', 'EPIPE'].includes(error.code ?? '') ? undefined : reject(error)));
    socket.on('close', () => {
      clearTimeout(quiet);
      clearTimeout(limit);
      resolve(received);
    });
  });
}
