import { CoreV1Api, KubeConfig, KubernetesObjectApi, ServerConfiguration, createConfiguration } from '@kubernetes/client-node';
import type { Configuration, RequestContext, ResponseContext } from '@kubernetes/client-node';

/** The part of a cluster's API that the provisioner itself uses; everything else goes through Pulumi. */
export interface Cluster {
  core: CoreV1Api;
  /** Objects of any kind, of which lists give the metadata alone: a tenant's secrets are none of this process's business. */
  objects: KubernetesObjectApi;
}

/** For one request; an API server that is alive answers in a fraction of it. */
const requestTimeoutMs = 10_000;
const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

/** Finds the cluster as kubectl does: KUBECONFIG, then the user's file, then the pod's service account. */
export function findCluster(): Cluster {
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromDefault();
  return connectCluster(kubeconfig);
}

/** Clients of a cluster whose requests end in time. Nothing is sent before the first request. @throws Error for a configuration without cluster */
export function connectCluster(kubeconfig: KubeConfig, timeoutMs = requestTimeoutMs): Cluster {
  return {
    core: new CoreV1Api(configure(kubeconfig, timeoutMs)),
    objects: new KubernetesObjectApi(configure(kubeconfig, timeoutMs, metadataOnly)),
  };
}

function configure(kubeconfig: KubeConfig, timeoutMs: number, accepted?: string): Configuration {
  const cluster = kubeconfig.getCurrentCluster();
  if (cluster === null) throw new Error('The kubeconfig names no cluster.');
  const bounded = {
    pre: (request: RequestContext) => {
      request.setSignal(AbortSignal.timeout(timeoutMs));
      if (accepted !== undefined && request.getHttpMethod().toString() === 'GET') request.setHeaderParam('Accept', accepted);
      return Promise.resolve(request);
    },
    post: (response: ResponseContext) => Promise.resolve(response),
  };
  return createConfiguration({
    baseServer: new ServerConfiguration(cluster.server, {}),
    authMethods: { default: kubeconfig },
    promiseMiddleware: [bounded],
  });
}
