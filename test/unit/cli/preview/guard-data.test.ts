import test from 'ava';
import { guardData } from '../../../../cli/preview/guard-data.ts';
import { planned } from './planned.ts';

const withVolumes = { spec: { volumeClaimTemplates: [{}] } };
const holders: [type: string, before: Record<string, unknown>][] = [
  ['kubernetes:core/v1:Namespace', {}],
  ['kubernetes:core/v1:PersistentVolume', {}],
  ['kubernetes:core/v1:PersistentVolumeClaim', {}],
  ['kubernetes:apps/v1:StatefulSet', withVolumes],
  ['postgresql:index/database:Database', {}],
  ['random:index/randomPassword:RandomPassword', {}],
  ['random:index/randomId:RandomId', {}],
];

for (const [type, before] of holders) {
  test(`a plan that deletes or replaces a ${type} is refused by its name`, (t) => {
    for (const op of ['delete', 'replace'] as const) {
      const resource = planned(type, 'it', { op, before, fields: [{ path: 'metadata.name', replaces: true }] });
      t.like(guardData([resource], []).refused, [{ name: `${resource.kind}/it`, op, because: ['metadata.name'] }]);
    }
  });

  test(`a ${type} that is made, changed in place or left alone is nobody's loss`, (t) => {
    const plan = (['create', 'update', 'same'] as const).map((op) => planned(type, 'it', { op, before }));
    t.deepEqual(guardData(plan, []).refused, []);
  });
}

test('what holds no data may be replaced: a Deployment, a StatefulSet without volumes, a Secret', (t) => {
  const types = ['kubernetes:apps/v1:Deployment', 'kubernetes:apps/v1:StatefulSet', 'kubernetes:core/v1:Secret'];
  t.deepEqual(
    guardData(
      types.map((type) => planned(type, 'it', { op: 'replace', before: { spec: {} } })),
      [],
    ).refused,
    [],
  );
});

test('a loss is allowed by URN, by kind and name, or by name, and no other with it', (t) => {
  const redis = planned('kubernetes:apps/v1:StatefulSet', 'redis', { op: 'replace', before: withVolumes });
  const nats = planned('kubernetes:apps/v1:StatefulSet', 'nats', { op: 'replace', before: withVolumes });
  for (const name of [redis.urn, 'StatefulSet/redis', 'redis']) {
    const { refused, allowed } = guardData([redis, nats], [name]);
    t.deepEqual([refused.map((loss) => loss.name), allowed.map((loss) => loss.name)], [['StatefulSet/nats'], ['StatefulSet/redis']]);
  }
  t.is(guardData([redis], ['Namespace/redis', 'StatefulSet', 're']).refused.length, 1);
});

test('a name that allows nothing in the plan is told: it may be a mistake, or left over', (t) => {
  t.deepEqual(guardData([], ['StatefulSet/redis']).unused, ['StatefulSet/redis']);
});
