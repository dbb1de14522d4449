import test from 'ava';
import { recordPlatform, tenantSettingsOf } from './record-platform.ts';

test('the production profile gives every plan sizes that its ceilings and its quota allow', async (t) => {
  const settings = await tenantSettingsOf(await recordPlatform({ 'authsome:profile': 'production' }));
  t.like(settings.resources.free, { replicas: 2, maxReplicas: 2, cpu: '1', memory: '2Gi', quotaCpu: '4', quotaMemory: '8Gi' });
  t.like(settings.resources.pro, { replicas: 2, maxReplicas: 10 });
  t.is(settings.database.dedicated.pro.storage, '20Gi');
  t.true(settings.cluster.metricsApi);
});
