/**
 * The Go programs the platform needs on a bare machine. Each is a folder of toolchain/modules with committed go.mod and go.sum, so that
 * versions and checksums are pinned; the versions here are linked in, since a build from a module does not know its own.
 */
export interface GoTool {
  module: string;
  /** Programs that the build yields. */
  binaries: readonly string[];
  ldflags: readonly string[];
  /** Build constraints. */
  tags?: readonly string[];
  /** Files copied from a dependency's module beside main.go before the build: [module path, file inside it]. */
  embeds?: { module: string; files: readonly string[] };
  /** How a program on PATH tells its version, and what the answer must hold to be used instead of building one. */
  onPath?: { args: readonly string[]; answer: RegExp };
  /** Cold build time on two cores, in seconds, for the progress line: measured. */
  coldSeconds: number;
}

export const pulumiVersion = '3.274.1';
export const kubernetesVersion = '1.35.4';
export const kubernetesProviderVersion = '4.34.2';
export const prometheusVersion = '3.16.0';
/** Of its second version; the module's own number is another (go.mod). */
export const jaegerVersion = '2.13.0';

const kubernetesVersionFlags = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((path) => [
  `-X ${path}.gitVersion=v${kubernetesVersion}`,
  `-X ${path}.gitMajor=1`,
  `-X ${path}.gitMinor=35`,
  `-X ${path}.gitTreeState=clean`,
]);

/** All of them; what takes longest is built first. */
export const goTools: readonly GoTool[] = [
  { module: 'pause', binaries: ['pause'], ldflags: [], coldSeconds: 10 },
  { module: 'nats', binaries: ['nats-server'], ldflags: [], onPath: { args: ['--version'], answer: /v2\.1[2-9]\./ }, coldSeconds: 35 },
  {
    module: 'kubernetes',
    binaries: ['kube-apiserver', 'kube-controller-manager', 'kube-proxy', 'kube-scheduler', 'kubectl', 'kubelet'],
    ldflags: kubernetesVersionFlags,
    onPath: { args: ['--version'], answer: /Kubernetes v1\.35\./ },

    coldSeconds: 420,
  },
  {
    module: 'kube-router',
    binaries: ['kube-router'],
    ldflags: [`-X github.com/cloudnativelabs/kube-router/v2/pkg/version.Version=v2.1.0`],

    coldSeconds: 60,
  },
  { module: 'coredns', binaries: ['coredns'], ldflags: [], onPath: { args: ['-version'], answer: /CoreDNS-1\.1[2-9]\./ }, coldSeconds: 80 },
  {
    module: 'prometheus',
    binaries: ['prometheus', 'promtool'],
    ldflags: [`-X github.com/prometheus/common/version.Version=${prometheusVersion}`],
    // Of its many ways to discover what to scrape the one that is used: a third of the size, and of the time. Debian's lacks just that one.
    tags: ['remove_all_sd', 'enable_kubernetes_sd'],
    coldSeconds: 200,
  },
  {
    module: 'jaeger',
    binaries: ['jaeger'],
    ldflags: [`-X github.com/jaegertracing/jaeger/internal/version.latestVersion=v${jaegerVersion}`],
    coldSeconds: 240,
  },
  // Only for the tests.
  { module: 'kube-score', binaries: ['kube-score'], ldflags: [], coldSeconds: 60 },
  {
    module: 'pulumi',
    binaries: ['pulumi'],
    ldflags: [`-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${pulumiVersion}`],
    onPath: { args: ['version'], answer: new RegExp(`^v${RegExp.escape(pulumiVersion)}$`, 'm') },

    coldSeconds: 230,
  },
  {
    module: 'pulumi-kubernetes',
    binaries: ['pulumi-resource-kubernetes'],
    ldflags: [`-X main.version=${kubernetesProviderVersion}`],
    embeds: {
      module: 'github.com/pulumi/pulumi-kubernetes/provider/v4',
      files: ['cmd/pulumi-resource-kubernetes/schema.json', 'cmd/pulumi-resource-kubernetes/terraform-mapping.json'],
    },

    coldSeconds: 420,
  },
];
