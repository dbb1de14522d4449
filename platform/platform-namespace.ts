import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';

/** The system namespace: Pod Security `restricted` enforced, and nothing comes in but what a part's own policy lets in. */
export class PlatformNamespace extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: { namespace: string }, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:Namespace', name, {}, options);
    const level = { enforce: 'restricted', audit: 'restricted', warn: 'restricted' };
    const namespace = new kubernetes.core.v1.Namespace(
      name,
      {
        metadata: {
          name: args.namespace,
          labels: {
            'app.kubernetes.io/part-of': 'authsome',
            ...Object.fromEntries(Object.entries(level).map(([mode, value]) => [`pod-security.kubernetes.io/${mode}`, value])),
          },
        },
      },
      { parent: this },
    );
    this.name = namespace.metadata.name;
    new kubernetes.networking.v1.NetworkPolicy(
      `${name}-default-deny`,
      { metadata: { name: 'default-deny-ingress', namespace: this.name }, spec: { podSelector: {}, policyTypes: ['Ingress'] } },
      { parent: this },
    );
    this.registerOutputs();
  }
}
