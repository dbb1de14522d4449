import * as kubernetes from '@pulumi/kubernetes';
import { ComponentResource } from '@pulumi/pulumi';
import type { ComponentResourceOptions, Output } from '@pulumi/pulumi';
import { customTimeouts } from './tenant-context.ts';
import type { TenantContext } from './tenant-context.ts';
import type { TenantSpec } from './spec.ts';

export interface TenantNamespaceArgs {
  context: TenantContext;
}

/** Says that the tenant has a database server of its own; absent, its database is on the shared one. */
const databaseLabel = 'authsome.cloud/database';

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
          labels: { ...context.labels, ...enforcedLabels(context.spec) },
        },
      },
      {
        parent: this,
        customTimeouts,
        // The volume of a database server of its own goes with it.
        protect: true,
        // A tenant whose database is to be elsewhere would have to be made anew, which its protection forbids: so the engine stops here, before
        // the instance is given an empty database, and not only when it comes to deleting the full one.
        replaceOnChanges: [`metadata.labels["${databaseLabel}"]`],
      },
    );
    this.name = this.namespace.metadata.name;
    this.registerOutputs({ name: this.name });
  }
}

/** The labels that never change: whose the namespace is, where its data is, and which pods may run there. */
export function enforcedLabels({ appId, database }: Pick<TenantSpec, 'appId' | 'database'>): Record<string, string> {
  return {
    'app.kubernetes.io/part-of': 'authsome',
    'app.kubernetes.io/managed-by': 'authsome-provisioner',
    'authsome.cloud/app-id': appId,
    ...(database.tier === 'dedicated' && { [databaseLabel]: 'dedicated' }),
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/audit': 'restricted',
    'pod-security.kubernetes.io/warn': 'restricted',
  };
}
