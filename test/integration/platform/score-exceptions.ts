export interface ScoreException {
  /** Id of kube-score's check. */
  check: string;
  objects: RegExp | 'all';
  /** Why the finding is no fault here. */
  reason: string;
}

/** What kube-score finds, and stays as it is. A finding that is not here fails the test. */
export const scoreExceptions: readonly ScoreException[] = [
  {
    check: 'container-image-pull-policy',
    objects: 'all',
    reason:
      'Images are named by a version or by their content, and never change under a name. With Always no pod could start while the registry is away. The profile’s imagePullPolicy changes it.',
  },
  {
    check: 'container-security-context-user-group-id',
    objects: /^(StatefulSet|Deployment)\/(postgres|tenants-postgres|redis|nats|grafana|metrics-server)$/,
    reason:
      'The users of the images, whose files on existing volumes belong to them: PostgreSQL refuses a data folder of another user. Pods have no user of the node to collide with that may do more.',
  },
  {
    check: 'statefulset-has-servicename',
    objects: /^StatefulSet\/(postgres|tenants-postgres|redis|nats|prometheus|alertmanager|jaeger|loki)$/,
    reason:
      'Single servers, which are called by the name of their Service and never by that of their pod. The field can’t be changed without making the StatefulSet, and its volume, again.',
  },
  {
    check: 'deployment-replicas',
    objects: /^Deployment\/(grafana|log-collector|metrics-server|control-api|proxy|provisioner|instance)$/,
    reason:
      'The local platform is one node. Elsewhere: nothing that customers call waits for Grafana or the collector of logs, and a second collector would store each line twice.',
  },
  {
    check: 'deployment-has-host-podantiaffinity',
    objects: /^Deployment\/(control-api|proxy|provisioner|instance)$/,
    reason: 'Topology spread constraints over zones and nodes do it, without leaving pods unplaced where there are fewer nodes.',
  },
  {
    check: 'service-type',
    objects: /^Service\/(control-api|proxy|grafana|(prometheus|alertmanager|jaeger)-node)$/,
    reason: 'The local platform only: its one node listens on an address of this machine that nobody else reaches.',
  },
];
