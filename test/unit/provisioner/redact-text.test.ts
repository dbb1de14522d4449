import test from 'ava';
import { redactText } from '../../../services/provisioner/redact-text.ts';

test('every occurrence of a known secret is cut out', (t) => {
  t.is(redactText('pq: hunter22 is not hunter22', ['hunter22']), 'pq: [redacted] is not [redacted]');
});

test('the password of a URL that nobody announced is cut out', (t) => {
  t.is(redactText('dial postgres://admin:s3cr3t@db:5432/x failed', []), 'dial postgres://admin:[redacted]@db:5432/x failed');
});

test('an absent secret does not shred the text', (t) => {
  t.is(redactText('plain', ['', 'a']), 'plain');
});
