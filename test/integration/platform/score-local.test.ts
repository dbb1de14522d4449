import test from 'ava';
import { recordPlatform } from '../../unit/platform/record-platform.ts';
import { kubernetesObjects, scoreObjects } from './score-objects.ts';

test('kube-score has nothing to say of the local platform but what has an exception with a reason', async (t) => {
  t.timeout(120_000);
  const objects = kubernetesObjects(await recordPlatform({ 'authsome:profile': 'local' }));
  t.true(objects.length > 50);
  t.deepEqual(await scoreObjects(objects), []);
});
