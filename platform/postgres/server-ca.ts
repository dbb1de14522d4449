import * as kubernetes from '@pulumi/kubernetes';
import type { input } from '@pulumi/kubernetes/types/index.js';
import type * as pulumi from '@pulumi/pulumi';
import { labels } from '../hardening.ts';
import type { ServerName } from './external-settings.ts';
import type { PostgresServer } from './postgres-server.ts';

const folder = '/etc/authsome-postgres';
const name = 'postgres-ca';

/** Where a pod that has `ServerCa` finds the authority of a server. */
export const caFileOf = (server: ServerName): string => `${folder}/${server}.pem`;

/** What a pod's spec and its container need to look at the certificates of external servers; nothing where there are none. */
export interface ServerCa {
  volumes: input.core.v1.Volume[];
  volumeMounts: input.core.v1.VolumeMount[];
}

/** The certificates in a ConfigMap. Each new connection reads its file anew: another authority needs no restart. */
export function serverCa(
  servers: Record<ServerName, PostgresServer>,
  namespace: pulumi.Input<string>,
  options: pulumi.CustomResourceOptions,
): ServerCa {
  const certificates = Object.entries(servers).flatMap(([server, { external }]) =>
    external?.caCertificate === undefined ? [] : [[`${server}.pem`, `${external.caCertificate}\n`]],
  );
  if (certificates.length === 0) return { volumes: [], volumeMounts: [] };
  const data = Object.fromEntries(certificates) as Record<string, string>;
  const configMap = new kubernetes.core.v1.ConfigMap(name, { metadata: { name, namespace, labels: labels(name) }, data }, options);
  return {
    volumes: [{ name, configMap: { name: configMap.metadata.name } }],
    volumeMounts: [{ name, mountPath: folder, readOnly: true }],
  };
}
