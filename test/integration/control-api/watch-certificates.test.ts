import { createServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { Registry } from 'prom-client';
import { watchCertificates } from '../../../services/control-api/scheduler/watch-certificates.ts';
import { createLog } from '../../../services/shared/log.ts';
import { freePort } from '../../support/free-port.ts';
import { makeCertificate } from '../instance/make-certificate.ts';

const log = createLog({ name: 'test', level: 'silent' });
const name = 'authsome_certificate_expiry_timestamp_seconds';

test('the end of the certificate that callers are shown is told, although nobody trusts it', async (t) => {
  const { key, cert } = await makeCertificate();
  const server = createServer({ key, cert }, (socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const registry = new Registry();
  const watch = watchCertificates({ urls: [`https://localhost:${port}/`, 'http://plain.example'], registry, log });
  await watch.look();
  const [, seconds] = new RegExp(`^${name}\\{host="localhost"\\} ([\\d.]+)$`, 'm').exec(await registry.metrics()) ?? [];
  const inOneDay = Date.now() / 1_000 + 86_400;
  t.true(Math.abs(Number(seconds) - inOneDay) < 120, seconds);
  t.notRegex(await registry.metrics(), /plain/);
  watch.forget();
  t.notRegex(await registry.metrics(), /localhost/);
});

test('a host whose certificate can not be read has no value', async (t) => {
  const registry = new Registry();
  await watchCertificates({ urls: [`https://localhost:${await freePort()}`], registry, log }).look();
  t.notRegex(await registry.metrics(), /localhost/);
});
