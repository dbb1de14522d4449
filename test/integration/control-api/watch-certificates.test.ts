import { createServer as createSilentServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:tls';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Registry } from 'prom-client';
import { watchCertificates } from '../../../services/control-api/scheduler/watch-certificates.ts';
import type { CertificateWatch } from '../../../services/control-api/scheduler/watch-certificates.ts';
import { createLog } from '../../../services/shared/log.ts';
import { makeCertificate } from '../../support/make-certificate.ts';

const log = createLog({ name: 'test', level: 'silent' });
const inOneDay = new Date(Date.now() + 86_400_000);
const yesterday = new Date(Date.now() - 86_400_000);

async function listen(t: ExecutionContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void server.close());
  return (server.address() as AddressInfo).port;
}

interface Shown {
  port: number;
  received: () => number;
  end: () => Promise<void>;
}

async function showCertificate(t: ExecutionContext, notAfter: Date): Promise<Shown> {
  let received = 0;
  const server = createServer(await makeCertificate(notAfter), (socket) => {
    socket.on('data', (chunk: Buffer) => (received += chunk.length));
    socket.on('error', () => undefined);
  });
  const port = await listen(t, server);
  return { port, received: () => received, end: () => new Promise((resolve) => server.close(() => resolve())) };
}

interface Watched {
  watch: CertificateWatch;
  /** Each host's value. */
  told: () => Promise<Record<string, number>>;
}

function watchOf(urls: string[]): Watched {
  const registry = new Registry();
  const line = /^authsome_certificate_expiry_timestamp_seconds\{host="([^"]+)"\} (\S+)$/gm;
  return {
    watch: watchCertificates({ urls, registry, log }),
    told: async () =>
      Object.fromEntries([...(await registry.metrics()).matchAll(line)].map(([, host, seconds]) => [String(host), Number(seconds)])),
  };
}

const wholeSeconds = (time: Date): number => Math.floor(time.getTime() / 1_000);

for (const [which, end] of [
  ['that nobody trusts', inOneDay],
  ['that has ended', yesterday],
] as const)
  test(`the end of a certificate ${which} is told, and its server is sent nothing`, async (t) => {
    const { port, received } = await showCertificate(t, end);
    const { watch, told } = watchOf([`https://localhost:${port}/`, 'http://plain.example']);
    await watch.look();
    t.deepEqual(await told(), { [`localhost:${port}`]: wholeSeconds(end) });
    t.is(received(), 0);
    watch.forget();
    t.deepEqual(await told(), {});
  });

test('two ports of a host have a certificate each, and an address has one too', async (t) => {
  const [one, other] = [await showCertificate(t, inOneDay), await showCertificate(t, yesterday)];
  const { watch, told } = watchOf([`https://localhost:${one.port}`, `https://localhost:${other.port}`, `https://127.0.0.1:${one.port}`]);
  await watch.look();
  t.deepEqual(await told(), {
    [`localhost:${one.port}`]: wholeSeconds(inOneDay),
    [`localhost:${other.port}`]: wholeSeconds(yesterday),
    [`127.0.0.1:${one.port}`]: wholeSeconds(inOneDay),
  });
});

test('a host that is no longer reached has no value, and the others keep theirs', async (t) => {
  const [stays, goes] = [await showCertificate(t, inOneDay), await showCertificate(t, inOneDay)];
  const { watch, told } = watchOf([`https://localhost:${goes.port}`, `https://localhost:${stays.port}`]);
  await watch.look();
  t.is(Object.keys(await told()).length, 2);
  await goes.end();
  await watch.look();
  t.deepEqual(Object.keys(await told()), [`localhost:${stays.port}`]);
});

test('a look at a host that never answers ends with its signal, whether it aborts during the look or before', async (t) => {
  const port = await listen(
    t,
    createSilentServer((socket) => socket.on('error', () => undefined)),
  );
  const { watch, told } = watchOf([`https://localhost:${port}`]);
  const stopping = new AbortController();
  const looking = watch.look(stopping.signal);
  stopping.abort();
  await looking;
  await watch.look(stopping.signal);
  t.deepEqual(await told(), {});
});
