import test from 'ava';
import { readObjects } from '../../../../cli/platform/missing-objects.ts';

const resource = (type: string, id: string, kind: unknown, more: object = {}) => ({
  ...{ type, id, custom: true, urn: 'urn', outputs: { apiVersion: 'v1', kind } },
  ...more,
});

test('the state says which objects the cluster should have', (t) => {
  const state = {
    version: 3,
    deployment: {
      resources: [
        { type: 'pulumi:pulumi:Stack', urn: 'urn' },
        { type: 'authsome:platform:Workload', urn: 'urn' },
        resource('kubernetes:core/v1:Service', 'authsome-system/proxy', 'Service'),
        resource('kubernetes:core/v1:Namespace', 'authsome-system', 'Namespace'),
        resource('pulumi:providers:kubernetes', 'b1', undefined),
        resource('random:index/randomPassword:RandomPassword', 'none', undefined),
        // On its way out, or only read.
        resource('kubernetes:core/v1:Secret', 'authsome-system/old', 'Secret', { delete: true }),
        resource('kubernetes:core/v1:ConfigMap', 'kube-system/ca', 'ConfigMap', { external: true }),
      ],
    },
  };
  t.deepEqual(readObjects(state), [
    { apiVersion: 'v1', kind: 'Service', namespace: 'authsome-system', name: 'proxy' },
    { apiVersion: 'v1', kind: 'Namespace', namespace: undefined, name: 'authsome-system' },
  ]);
  t.deepEqual(readObjects({ deployment: {} }), []);
});
