import test from 'ava';
import { inputsOf, recordPlatform } from './record-platform.ts';

test('with KEDA the provisioner scales from 2 to 10 by the open jobs, and to its fixed number where Prometheus does not answer', async (t) => {
  const resources = await recordPlatform({
    'authsome:profile': 'production',
    'authsome:settings': JSON.stringify({ queueScaling: { prometheusUrl: 'http://prometheus.monitoring:9090' } }),
  });
  t.like(inputsOf(resources, 'ScaledObject/provisioner-jobs'), {
    spec: {
      scaleTargetRef: { name: 'provisioner' },
      minReplicaCount: 2,
      maxReplicaCount: 10,
      fallback: { replicas: 3 },
      triggers: [
        { type: 'prometheus', metadata: { serverAddress: 'http://prometheus.monitoring:9090', threshold: '4', ignoreNullValues: 'false' } },
      ],
    },
  });
  t.like(inputsOf(resources, 'Deployment/provisioner'), { spec: { replicas: undefined } });
  t.like(inputsOf(resources, 'PodDisruptionBudget/provisioner'), { spec: { minAvailable: 1 } });
});
