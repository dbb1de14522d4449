import test from 'ava';
import { inputsOf, recordPlatform } from './record-platform.ts';
import type { RecordedResource } from './record-platform.ts';

// What production can have besides, switched on, and its edge off: then there is nothing between the internet and the ingress.
let resources: RecordedResource[];
test.before(async () => {
  resources = await recordPlatform({
    'authsome:profile': 'production',
    'authsome:settings': JSON.stringify({
      edge: { enabled: false },
      urls: { customer: 'https://apps.example.com', dashboard: 'https://dashboard.example.com' },
      queueScaling: {},
      ingress: {
        controllerNamespace: 'traefik',
        trustedProxies: 2,
        allowedCidrs: ['198.51.100.0/24'],
        dashboard: { service: 'dashboard', port: 80 },
      },
      certificateIssuer: { name: 'letsencrypt', email: 'operations@example.com', http01: true },
      metricsServer: { kubeletInsecureTls: true },
      operators: { groups: ['platform-operators'], users: ['alice@example.com'] },
    }),
  });
});

const inputs = (kindAndName: string): unknown => inputsOf(resources, kindAndName);

test('with KEDA the provisioner scales from 2 to 10 by the open jobs, and to its fixed number where Prometheus does not answer', (t) => {
  t.like(inputs('ScaledObject/provisioner-jobs'), {
    spec: {
      scaleTargetRef: { name: 'provisioner' },
      minReplicaCount: 2,
      maxReplicaCount: 10,
      fallback: { replicas: 3 },
      triggers: [
        {
          type: 'prometheus',
          metadata: {
            serverAddress: 'http://prometheus.authsome-system.svc:9090',
            query: 'max(authsome_jobs_open)',
            threshold: '4',
            ignoreNullValues: 'false',
          },
        },
      ],
    },
  });
  t.like(inputs('NetworkPolicy/prometheus-keda'), {
    spec: {
      podSelector: { matchLabels: { 'app.kubernetes.io/instance': 'prometheus' } },
      ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'keda' } } }], ports: [{ port: 9_090 }] }],
    },
  });
  t.like(inputs('Deployment/provisioner'), { spec: { replicas: undefined } });
  t.like(inputs('PodDisruptionBudget/provisioner'), { spec: { minAvailable: 1 } });
});

test('the public reaches customers’ and owners’ paths over TLS, each at its host, and nothing else', (t) => {
  t.deepEqual((inputs('Ingress/public') as { spec: object }).spec, {
    ingressClassName: 'traefik',
    tls: [{ secretName: 'authsome-tls', hosts: ['api.authsome.cloud', 'apps.example.com'] }],
    rules: [
      {
        host: 'api.authsome.cloud',
        http: { paths: [{ path: '/control/v1', pathType: 'Prefix', backend: { service: { name: 'control-api', port: { number: 80 } } } }] },
      },
      {
        host: 'apps.example.com',
        http: { paths: [{ path: '/v1', pathType: 'Prefix', backend: { service: { name: 'proxy', port: { number: 80 } } } }] },
      },
    ],
  });
  t.like(inputs('Ingress/dashboard'), {
    spec: { tls: [{ secretName: 'authsome-tls-dashboard', hosts: ['dashboard.example.com'] }], rules: [{ host: 'dashboard.example.com' }] },
  });
});

test('only from the given ranges, and by HTTPS alone', (t) => {
  t.like(inputs('Ingress/public'), {
    metadata: {
      annotations: {
        'traefik.ingress.kubernetes.io/router.entrypoints': 'websecure',
        'traefik.ingress.kubernetes.io/router.middlewares': 'authsome-system-public-sources@kubernetescrd',
      },
    },
  });
  t.like(inputs('Middleware/public-sources'), {
    metadata: { namespace: 'authsome-system', name: 'public-sources' },
    spec: { ipAllowList: { sourceRange: ['198.51.100.0/24'] } },
  });
});

test('without the edge nobody asks for its certificate, and nothing is made at Cloudflare', (t) => {
  t.is(inputs('TLSOption/public-callers'), undefined);
  const { annotations } = (inputs('Ingress/public') as { metadata: { annotations: object } }).metadata;
  t.false('traefik.ingress.kubernetes.io/router.tls.options' in annotations);
  t.false(resources.some(({ type }) => /cloudflare|tls:/.test(type)));
});

test('inside the cluster only the ingress controller reaches the front doors, and it is believed about the client’s address', (t) => {
  for (const name of ['control-api', 'proxy']) {
    t.like(inputs(`NetworkPolicy/${name}-ingress`), {
      spec: { ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'traefik' } } }] }] },
    });
    t.regex(JSON.stringify(inputs(`Deployment/${name}`)), /"name":"TRUSTED_PROXIES","value":"2"/);
  }
});

test('certificates come from the issuer, whose questions reach cert-manager’s answers', (t) => {
  t.like(inputs('Ingress/public'), { metadata: { annotations: { 'cert-manager.io/cluster-issuer': 'letsencrypt' } } });
  t.like(inputs('ClusterIssuer/certificates'), {
    metadata: { name: 'letsencrypt' },
    spec: { acme: { email: 'operations@example.com', solvers: [{ http01: { ingress: { ingressClassName: 'traefik' } } }] } },
  });
  t.like(inputs('NetworkPolicy/certificates-answers'), {
    spec: { podSelector: { matchLabels: { 'acme.cert-manager.io/http01-solver': 'true' } }, ingress: [{ ports: [{ port: 8_089 }] }] },
  });
});

test('operators read, and no rule of theirs names secrets, what is inside of pods, or every kind', (t) => {
  const { rules } = inputs('ClusterRole/operators') as { rules: { resources: string[]; verbs: string[] }[] };
  t.deepEqual([...new Set(rules.flatMap(({ verbs }) => verbs))].sort(), ['get', 'list', 'watch']);
  const kinds = rules.flatMap((rule) => rule.resources);
  for (const kind of ['secrets', '*', 'pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy', 'services/proxy', 'nodes/proxy'])
    t.false(kinds.includes(kind), kind);
  t.like(inputs('ClusterRoleBinding/operators'), {
    subjects: [
      { kind: 'Group', name: 'platform-operators' },
      { kind: 'User', name: 'alice@example.com' },
    ],
  });
});

test('the metrics server is the published one, asks kubelets as it is told to, and the API server knows it', (t) => {
  const deployment = JSON.stringify(inputs('Deployment/metrics-server'));
  t.regex(deployment, /metrics-server:v\d+\.\d+\.\d+"/);
  t.regex(deployment, /"--kubelet-insecure-tls"/);
  t.like(inputs('APIService/metrics-server'), {
    metadata: { name: 'v1beta1.metrics.k8s.io' },
    spec: { service: { name: 'metrics-server', namespace: 'authsome-system' } },
  });
});
