import * as kubernetes from '@pulumi/kubernetes';
import { ComponentResource } from '@pulumi/pulumi';
import type { ComponentResourceOptions, Output } from '@pulumi/pulumi';
import { customTimeouts } from './tenant-context.ts';
import type { TenantContext } from './tenant-context.ts';

export interface TenantNamespaceArgs {
  context: TenantContext;
}

/** The application's namespace, in which only pods of Pod Security level `restricted` may run. */
export class TenantNamespace extends ComponentResource {
  readonly namespace: kubernetes.core.v1.Namespace;
  readonly name: Output<string>;

  constructor(name: string, { context }: TenantNamespaceArgs, options?: ComponentResourceOptions) {
    super('authsome:tenant:Namespace', name, {}, options);
    this.namespace = new kubernetes.core.v1.Namespace(
      name,
      {
        metadata: {
          name: context.names.namespace,
          labels: {
            ...context.labels,
            'pod-security.kubernetes.io/enforce': 'restricted',
            'pod-security.kubernetes.io/audit': 'restricted',
            'pod-security.kubernetes.io/warn': 'restricted',
          },
        },
      },
      // The volume of a database server of its own goes with it.
      { parent: this, customTimeouts, protect: true },
    );
    this.name = this.namespace.metadata.name;
    this.registerOutputs({ name: this.name });
  }
}
