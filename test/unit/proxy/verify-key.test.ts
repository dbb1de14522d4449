import test from 'ava';
import { verifyKey } from '../../../proxy/passes/verify-key.ts';
import { newApiKey } from '../../../services/shared/api-keys.ts';
import { AppError } from '../../../services/shared/errors.ts';
import type { RouteApiKey } from '../../../services/shared/routes/route.ts';

const publicKey = newApiKey({ type: 'public', environment: 'production' });
const secretKey = newApiKey({ type: 'secret', environment: 'production' });
const expiringKey = newApiKey({ type: 'secret', environment: 'development' });
const foreignKey = newApiKey({ type: 'secret', environment: 'production' });
const now = Date.parse('2025-11-24T12:00:00Z');
const keys: RouteApiKey[] = [
  { id: publicKey.id, type: 'public', hash: publicKey.hash, scopes: [], expiresAt: null },
  { id: secretKey.id, type: 'secret', hash: secretKey.hash, scopes: ['*'], expiresAt: null },
  { id: expiringKey.id, type: 'secret', hash: expiringKey.hash, scopes: ['*'], expiresAt: '2025-11-24T12:00:00Z' },
];

test('each of the route’s keys is found', (t) => {
  t.is(verifyKey(`Bearer ${publicKey.key}`, keys, now).id, publicKey.id);
  t.is(verifyKey(`bearer ${secretKey.key}`, keys, now).type, 'secret');
});

test('a key is good until the moment it expires', (t) => {
  t.is(verifyKey(`Bearer ${expiringKey.key}`, keys, now - 1).id, expiringKey.id);
  t.throws(() => verifyKey(`Bearer ${expiringKey.key}`, keys, now), { instanceOf: AppError });
});

test('every refusal is the same 401', (t) => {
  const refusals = [
    undefined,
    '',
    'Bearer',
    `Basic ${secretKey.key}`,
    secretKey.key,
    `Bearer ${secretKey.key}x`,
    `Bearer ${secretKey.key.slice(0, -1)}`,
    `Bearer ${secretKey.hash}`,
    `Bearer ${foreignKey.key}`,
    `Bearer ${expiringKey.key}`,
    `Bearer ${publicKey.key}, Bearer ${publicKey.key}`,
  ].map((authorization) => t.throws(() => verifyKey(authorization, keys, now), { instanceOf: AppError }));
  t.deepEqual(
    new Set(refusals.map((err) => JSON.stringify([err?.status, err?.code, err?.message, err?.details]))),
    new Set([JSON.stringify([401, 'unauthorized', 'Valid credentials are required.', { reason: 'api_key_required' }])]),
  );
});

test('a route without keys lets nobody in', (t) => {
  t.throws(() => verifyKey(`Bearer ${secretKey.key}`, [], now), { instanceOf: AppError });
});
