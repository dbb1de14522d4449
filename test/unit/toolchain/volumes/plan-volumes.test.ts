import test from 'ava';
import fc from 'fast-check';
import { planVolumes } from '../../../../toolchain/cluster/volumes/plan-volumes.ts';
import type { VolumePlan, VolumeState } from '../../../../toolchain/cluster/volumes/plan-volumes.ts';
import { volumeFolder } from '../../../../toolchain/cluster/volumes/volume-folders.ts';
import { claim, nodeName, releasedVolume, uid, volumeName } from './objects.ts';

const volumesDir = '/state/volumes';
const plan = (state: Partial<VolumeState>): VolumePlan => planVolumes({ claims: [], volumes: [], volumesDir, nodeName, ...state });

test('a claim that was given to the node gets a volume on it, bound to it in advance', (t) => {
  const { toCreate } = plan({ claims: [claim()] });
  t.is(toCreate.length, 1);
  t.is(toCreate[0]?.folder, `${volumesDir}/claims/${volumeName}`);
  t.like(toCreate[0]?.volume, {
    metadata: { name: volumeName, annotations: { 'pv.kubernetes.io/provisioned-by': 'authsome.cloud/local-volumes' } },
    spec: {
      capacity: { storage: '2Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: 'authsome-tenants',
      local: { path: `${volumesDir}/claims/${volumeName}` },
      claimRef: { namespace: 'authsome-app-abc123', name: 'data-postgres-0', uid },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [nodeName] }] }],
        },
      },
    },
  });
});

for (const [title, given] of [
  ['of the platform’s own class', claim({ spec: { storageClassName: 'authsome-local' } })],
  ['of no class', claim({ spec: { storageClassName: undefined } })],
  ['that no pod waits for yet', claim({ metadata: { annotations: {} } })],
  ['that was given to another node', claim({ metadata: { annotations: { 'volume.kubernetes.io/selected-node': 'other' } } })],
  ['that is bound', claim({ spec: { volumeName: 'some-volume' } })],
  ['that is being deleted', claim({ metadata: { deletionTimestamp: new Date() } })],
  ['of a block device', claim({ spec: { volumeMode: 'Block' } })],
  ['to be shared by nodes', claim({ spec: { accessModes: ['ReadWriteMany'] } })],
  ['whose id would lead out of the folder', claim({ metadata: { uid: '../../../etc' } })],
] as const)
  test(`a claim ${title} gets nothing`, (t) => {
    t.deepEqual(plan({ claims: [given] }).toCreate, []);
  });

test('a claim whose volume is there gets no second one', (t) => {
  const { toCreate, toRemove } = plan({ claims: [claim()], volumes: [releasedVolume(volumesDir, { phase: 'Available' })] });
  t.deepEqual([toCreate, toRemove], [[], []]);
});

test('a volume whose claim is gone is removed', (t) => {
  const { toRemove } = plan({ volumes: [releasedVolume(volumesDir)] });
  t.deepEqual(
    toRemove.map(({ folder }) => folder),
    [`${volumesDir}/claims/${volumeName}`],
  );
});

for (const [title, given] of [
  ['that is bound', releasedVolume(volumesDir, { phase: 'Bound' })],
  ['that waits for its claim', releasedVolume(volumesDir, { phase: 'Available' })],
  ['of the platform’s own', releasedVolume(volumesDir, { metadata: { name: 'authsome-postgres', annotations: {} } })],
  ['of another class', releasedVolume(volumesDir, { spec: { storageClassName: 'authsome-local' } })],
  ['that is to be kept', releasedVolume(volumesDir, { spec: { persistentVolumeReclaimPolicy: 'Retain' } })],
  ['of another provisioner', releasedVolume(volumesDir, { metadata: { annotations: { 'pv.kubernetes.io/provisioned-by': 'x' } } })],
  ['whose path is another’s', releasedVolume(volumesDir, { spec: { local: { path: `${volumesDir}/postgres` } } })],
  [
    'whose path leads elsewhere',
    releasedVolume(volumesDir, { spec: { local: { path: `${volumesDir}/claims/${volumeName}/../../postgres` } } }),
  ],
  ['whose name leads elsewhere', releasedVolume(volumesDir, { metadata: { name: '../postgres' } })],
  ['without a path', releasedVolume(volumesDir, { spec: { local: undefined } })],
] as const)
  test(`a volume ${title} is left alone`, (t) => {
    t.deepEqual(plan({ volumes: [given] }).toRemove, []);
  });

test('no name leads out of the folder', (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom('..', '.', '', 'pvc-', `pvc-${uid}/..`, `pvc-${uid}\n`, `../pvc-${uid}`)), (name) => {
      const folder = volumeFolder(volumesDir, name);
      t.true(folder === undefined || folder === `${volumesDir}/claims/${name}`);
      if (folder !== undefined) t.regex(name, /^pvc-[0-9a-f-]{36}$/);
    }),
  );
});
