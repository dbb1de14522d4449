import test from 'ava';
import { clientAddress } from '../../../proxy/http/client-address.ts';

const address = test.macro((t, forwardedFor: string | undefined, trustedProxies: number, expected: string) => {
  const req = { headers: { 'x-forwarded-for': forwardedFor }, socket: { remoteAddress: '10.0.0.1' } };
  t.is(clientAddress(req as unknown as Parameters<typeof clientAddress>[0], trustedProxies), expected);
});
test('without a trusted proxy the header is the client’s word', address, '1.1.1.1', 0, '10.0.0.1');
test('the nearest proxy’s entry counts', address, '6.6.6.6, 1.1.1.1', 1, '1.1.1.1');
test('the entry of the outermost of two proxies counts', address, '6.6.6.6, 1.1.1.1, 2.2.2.2', 2, '1.1.1.1');
test('fewer entries than proxies', address, '1.1.1.1', 2, '1.1.1.1');
test('no header', address, undefined, 1, '10.0.0.1');
