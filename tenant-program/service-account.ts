import * as kubernetes from '@pulumi/kubernetes';
import { ComponentResource } from '@pulumi/pulumi';
import type { ComponentResourceOptions, Output } from '@pulumi/pulumi';
import type { TenantNamespace } from './namespace.ts';
import { namespacedOptions, skipAwait } from './tenant-context.ts';
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
        // A provider that finds the API server away at its start takes the cluster for a very old one, and waits 5 min for a token's Secret.
        metadata: { name: context.names.serviceAccount, namespace: namespace.name, labels: context.labels, annotations: skipAwait },
        automountServiceAccountToken: false,
      },
      namespacedOptions(this, namespace.namespace),
    );
    this.name = account.metadata.name;
    this.registerOutputs({ name: this.name });
  }
}
