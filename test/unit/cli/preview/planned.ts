import type { PlannedResource } from '../../../../cli/preview/planned-resource.ts';

/** A resource of a plan, that is to be made unless said otherwise. */
export function planned(type: string, name: string, given: Partial<PlannedResource> = {}): PlannedResource {
  return {
    urn: `urn:pulumi:test::authsome-cloud::${type}::${name}`,
    type,
    kind: type.slice(type.lastIndexOf(':') + 1),
    name,
    op: 'create',
    fields: [],
    before: undefined,
    after: undefined,
    ...given,
  };
}

const goodContainer = {
  name: 'app',
  image: 'registry.example.com/app:1.2.3',
  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } },
};

export interface DeploymentGiven {
  container?: Record<string, unknown>;
  pod?: Record<string, unknown>;
  annotations?: Record<string, string>;
}

/** A Deployment that breaks no policy, but for what is given. */
export function deployment({ container = {}, pod = {}, annotations = {} }: DeploymentGiven = {}): PlannedResource {
  return planned('kubernetes:apps/v1:Deployment', 'app', {
    after: {
      metadata: { name: 'app', namespace: 'system', annotations },
      spec: {
        template: {
          metadata: { labels: { name: 'app' } },
          spec: {
            securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [{ ...goodContainer, ...container }],
            ...pod,
          },
        },
      },
    },
  });
}
