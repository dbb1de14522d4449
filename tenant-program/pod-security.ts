import type { types } from '@pulumi/kubernetes';

/** Users of the images, which own what their processes write. */
export const uids = { instance: 10_001, redis: 999, postgres: 999 } as const;

/**
 * Pods of a tenant: no root, no capability, no privilege to gain, the runtime's own system call filter. The group of a volume is
 * changed when it is new, and not at every start: PostgreSQL refuses a data folder that the group may write to.
 */
export function podSecurityContext(uid: number): types.input.core.v1.PodSecurityContext {
  return {
    runAsNonRoot: true,
    runAsUser: uid,
    runAsGroup: uid,
    fsGroup: uid,
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

export const containerSecurityContext: types.input.core.v1.SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

/** What every pod of a tenant has in common: its identity without a token, and no variables about other Services. */
export const podDefaults = { automountServiceAccountToken: false, enableServiceLinks: false } as const;
