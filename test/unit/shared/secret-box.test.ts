import test from 'ava';
import { randomBytes } from 'node:crypto';
import { createSecretBox } from '../../../services/shared/secret-box.ts';

const newKey = () => randomBytes(32).toString('base64');

for (const plaintext of ['', 'secret', 'ключ 🔑', 'x'.repeat(100_000)]) {
  test(`what was sealed opens again: ${plaintext.length} characters`, (t) => {
    const box = createSecretBox(newKey());
    t.is(box.open(box.seal(plaintext, 'app_1'), 'app_1'), plaintext);
  });
}

test('sealing twice gives different texts, and none holds the secret', (t) => {
  const box = createSecretBox(newKey());
  const [first, second] = [box.seal('secret', 'app_1'), box.seal('secret', 'app_1')];
  t.not(first, second);
  t.false(Buffer.from(first.slice(3), 'base64url').toString('latin1').includes('secret'));
});

test("another application's context does not open it", (t) => {
  const box = createSecretBox(newKey());
  t.throws(() => box.open(box.seal('secret', 'app_1'), 'app_2'));
});

test('another key does not open it', (t) => {
  t.throws(() => createSecretBox(newKey()).open(createSecretBox(newKey()).seal('secret', 'app_1'), 'app_1'));
});

test('a text with any byte changed does not open', (t) => {
  const box = createSecretBox(newKey());
  const bytes = Buffer.from(box.seal('secret', 'app_1').slice(3), 'base64url');
  for (let i = 0; i < bytes.length; i += 1) {
    const changed = Buffer.from(bytes);
    changed[i] = (changed[i] ?? 0) ^ 1;
    t.throws(() => box.open(`v1.${changed.toString('base64url')}`, 'app_1'), undefined, `byte ${i}`);
  }
});

for (const text of ['', 'v1', 'v1.', 'v1.AAAA', 'v2.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'not sealed']) {
  test(`a text that was never sealed does not open: "${text}"`, (t) => {
    t.throws(() => createSecretBox(newKey()).open(text, 'app_1'));
  });
}

test('a key of another size is refused', (t) => {
  for (const bytes of [0, 16, 31, 33]) t.throws(() => createSecretBox(randomBytes(bytes).toString('base64')));
});
