import test from 'ava';
import { OperationError } from '../../../services/provisioner/operation-error.ts';

test('whatever a program or the cluster said, the message can be stored', (t) => {
  const { message } = new OperationError({ code: 'unknown', message: 'a\0b \ud83e', retryable: true });
  t.is(message, 'a\ufffdb \ufffd');
});
