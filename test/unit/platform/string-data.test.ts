import test from 'ava';
import { stringData } from '../../../platform/string-data.ts';

test('a Secret without values has no stringData, which the API server would not give back, and a refresh would take for a change', (t) => {
  t.is(stringData({}), undefined);
  t.is(stringData(undefined), undefined);
  t.deepEqual(stringData({ A: 'a' }), { A: 'a' });
});
