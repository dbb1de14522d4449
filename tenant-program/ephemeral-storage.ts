/**
 * What a container of a tenant may use of the node's disk: its log, of which the kubelet keeps up to 50 MiB, and its temporary files. One
 * that uses more is ended. Requests are small, since most use next to nothing.
 */
export const ephemeralStorage = {
  instance: { limit: '256Mi', request: '32Mi' },
  redis: { limit: '128Mi', request: '16Mi' },
  postgres: { limit: '256Mi', request: '32Mi' },
} as const;
