import test from 'ava';
import { profiles } from '../../../platform/profiles.ts';
import { platformSettingsSchema } from '../../../platform/settings.ts';

for (const [name, profile] of Object.entries(profiles)) {
  test(`the ${name} profile is a valid settings value`, (t) => {
    t.deepEqual(platformSettingsSchema.parse(profile), profile);
  });
}

test('production runs the replicas that the product promises', (t) => {
  const { controlApi, proxy, provisioner } = profiles.production.workloads;
  t.deepEqual([controlApi.replicas, proxy.replicas, provisioner.replicas], [3, 5, 3]);
});
