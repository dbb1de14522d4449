import test from 'ava';
import fc from 'fast-check';
import { redactText as redactChildText } from '../../../services/provisioner/redact-text.ts';
import { createLog } from '../../../services/shared/log.ts';
import { redactText } from '../../../services/shared/redact-text.ts';
import { hostilePieces, measureGrowth } from '../../support/measure-growth.ts';

const shows = test.macro((t, text: string, shown: string) => t.is(redactText(text), shown));

test('the password of a URL is cut out', shows, 'dial postgres://u:pw@db:5432/x failed', 'dial postgres://u:[redacted]@db:5432/x failed');
test('a password without a user is cut out', shows, 'redis://:pw@h', 'redis://:[redacted]@h');
test('every password is cut out', shows, 'a://b:c@d e://f:g@h', 'a://b:[redacted]@d e://f:[redacted]@h');
test('a password that is itself a URL is cut out', shows, 'a://b:c://d:e@f', 'a://b:[redacted]@f');
test('a password with an @ is cut out whole', shows, 'a://b:p@ss@h/x', 'a://b:[redacted]@h/x');
test('an address after a URL stays', shows, 'a://b:c@d/x?mail=e@f', 'a://b:[redacted]@d/x?mail=e@f');
test('a URL without a password stays', shows, 'http://host:80/a b@c, https://h/x', 'http://host:80/a b@c, https://h/x');
test('API keys are cut out', shows, 'sk_live_abc and pk_test_def', 'sk_live_[redacted] and pk_test_[redacted]');

test('whatever surrounds it, a password of a URL is never shown', (t) => {
  const noise = fc.string({ unit: fc.constantFrom('a', ':', '/', '@', ' ', '"', '://', ':a@'), maxLength: 12 });
  fc.assert(
    fc.property(noise, noise, (before, after) => {
      const text = `${before} postgres://user:hunter2@host/${after}`;
      return !redactText(text).includes('hunter2');
    }),
  );
  t.pass();
});

test('a text that is written to be slow takes less than 5 ms for 16 KB, and grows no faster than its length', (t) => {
  const log = createLog({ name: 'test', level: 'info' }, { write: () => undefined });
  const redactors: Record<string, (text: string) => unknown> = {
    redactText,
    'the provisioner’s': (text) => redactChildText(text, ['a secret of a tenant']),
    'a log line': (path) => log.info({ path, detail: path, err: new Error(path) }, 'Request answered'),
  };
  for (const [name, redact] of Object.entries(redactors)) {
    for (const piece of hostilePieces) {
      const { small, large } = measureGrowth(redact, piece);
      t.true(small < 5, `${name}, ${JSON.stringify(piece)}: ${small} ms`);
      t.true(large < Math.max(20, small * 10), `${name}, ${JSON.stringify(piece)}: ${small} ms, 4 times as much ${large} ms`);
    }
  }
});
