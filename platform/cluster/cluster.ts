import * as pulumi from '@pulumi/pulumi';
import type { PlatformInputs } from '../load-settings.ts';
import { CertificateIssuer } from './certificate-issuer.ts';
import { MetricsServer } from './metrics-server.ts';
import { OperatorAccess } from './operator-access.ts';
import { PriorityClasses } from './priority-classes.ts';

export interface ClusterArgs extends PlatformInputs {
  namespace: pulumi.Input<string>;
}

/** What the platform asks of a cluster before anything runs in it, and that the cluster may not have. */
export class Cluster extends pulumi.ComponentResource {
  constructor(name: string, { namespace, settings }: ClusterArgs, options?: pulumi.ComponentResourceOptions) {
    super('authsome:platform:Cluster', name, {}, options);
    const child = { parent: this };
    const { certificateIssuer, imagePullPolicy, ingress, metricsServer, operators } = settings;
    new PriorityClasses('priority', child);
    if (operators.groups.length + operators.users.length > 0) new OperatorAccess('operators', operators, child);
    if (metricsServer !== undefined) new MetricsServer('metrics-server', { namespace, imagePullPolicy, settings: metricsServer }, child);
    if (certificateIssuer !== undefined)
      new CertificateIssuer('certificates', { namespace, issuer: certificateIssuer, ingressClass: ingress?.className }, child);
    this.registerOutputs();
  }
}
