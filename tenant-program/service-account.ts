import * as kubernetes from '@pulumi/kubernetes';
import { ComponentResource } from '@pulumi/pulumi';
import type { ComponentResourceOptions, Output } from '@pulumi/pulumi';
import type { TenantNamespace } from './namespace.ts';
import { namespacedOptions } from './tenant-context.ts';
import type { TenantContext } from './tenant-context.ts';

export interface TenantServiceAccountArgs {
  context: TenantContext;
  namespace: TenantNamespace;
}

/** The identity of the tenant's pods: no rights, and no token mounted to use them with. */
export class TenantServiceAccount extends ComponentResource {
  readonly name: Output<string>;

  constructor(name: string, { context, namespace }: TenantServiceAccountArgs, options?: ComponentResourceOptions) {
    super('authsome:tenant:ServiceAccount', name, {}, options);
    const account = new kubernetes.core.v1.ServiceAccount(
      name,
      {
        metadata: { name: context.names.serviceAccount, namespace: namespace.name, labels: context.labels },
        automountServiceAccountToken: false,
      },
      namespacedOptions(this, namespace.namespace),
    );
    this.name = account.metadata.name;
    this.registerOutputs({ name: this.name });
  }
}
