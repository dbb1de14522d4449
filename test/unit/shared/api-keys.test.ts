import test from 'ava';
import { createHash } from 'node:crypto';
import { hashApiKey, hashesEqual, newApiKey } from '../../../services/shared/api-keys.ts';
import type { ApiKeyType } from '../../../services/shared/api-keys.ts';

const startsWith = test.macro({
  title: (_title, type: ApiKeyType, environment: string) => `a ${type} key in ${environment} tells its kind`,
  exec(t, type: ApiKeyType, environment: 'production' | 'staging' | 'development', kind: string) {
    const { id, key, prefix, hash } = newApiKey({ type, environment });
    t.regex(key, new RegExp(`^${kind}_[0-9A-Za-z]{43}$`));
    t.regex(id, /^key_[a-z0-9]{20}$/);
    t.is(prefix, key.slice(0, 12));
    t.is(hash, createHash('sha256').update(key).digest('hex'));
  },
});
test(startsWith, 'public', 'production', 'pk_live');
test(startsWith, 'secret', 'production', 'sk_live');
test(startsWith, 'public', 'staging', 'pk_test');
test(startsWith, 'secret', 'development', 'sk_test');

test('a thousand keys are a thousand keys, and use all 62 characters', (t) => {
  const keys = Array.from({ length: 1_000 }, () => newApiKey({ type: 'secret', environment: 'production' }).key);
  t.is(new Set(keys).size, keys.length);
  t.is(new Set(keys.flatMap((key) => [...key.slice(8)])).size, 62);
});

test('hashes are equal only where all characters are', (t) => {
  const hash = hashApiKey('sk_live_a');
  t.true(hashesEqual(hash, hashApiKey('sk_live_a')));
  t.false(hashesEqual(hash, hashApiKey('sk_live_b')));
  t.false(hashesEqual(hash, hash.slice(1)));
  t.false(hashesEqual(hash, ''));
});
