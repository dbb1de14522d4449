import { z } from 'zod';
import { ingressControllers } from './ingress-controllers.ts';

/** How the public reaches the platform: an Ingress of the cluster's controller. */
const ingress = z.strictObject({
  className: z.string().min(1),
  /** Which controller the class is of: each has annotations of its own for what an Ingress can't say. `other` sets none. */
  controller: z.enum(ingressControllers),
  annotations: z.record(z.string(), z.string()).optional(),
  /** Where the controller's pods are; then nobody else in the cluster reaches the front doors. Absent where it is outside of the cluster. */
  controllerNamespace: z.string().min(1).optional(),
  /** Reverse proxies before the services whose word about the client's address is believed: the controller is one. The edge comes on top. */
  trustedProxies: z.int().min(1).max(5),
  tls: z.strictObject({
    /** Of the Secret with certificate and key: cert-manager's, or one that the operator puts there. With the edge on, its own is used. */
    secretName: z.string().min(1),
    /** ClusterIssuer of cert-manager; absent: the platform's own below, where there is one. */
    issuer: z.string().min(1).optional(),
  }),
  /** Who may connect at all, where no edge says so. */
  allowedCidrs: z.array(z.union([z.cidrv4(), z.cidrv6()])).optional(),
  /** The Service behind `urls.dashboard`; absent: no dashboard. */
  dashboard: z.strictObject({ service: z.string().min(1), port: z.int() }).optional(),
});

/** A profile's can be taken away, by `none`: an override can't say that there is nothing. */
export const ingressOrNone = z.preprocess((value) => (value === 'none' ? undefined : value), ingress.optional()).optional();

/** Of one or many persons: what everybody is, and the cluster's own parts, are not meant. */
const subject = z
  .string()
  .min(1)
  .refine((name) => !/^system:/.test(name), { error: 'must not be one of system:…' });

/** A ClusterIssuer for cert-manager, which must be there: from whom certificates come, and how it is shown that the names are ours. */
export const certificateIssuer = z.strictObject({
  name: z.string().min(1),
  /** Where the authority warns of certificates that end. */
  email: z.email(),
  server: z.url({ protocol: /^https$/ }).default('https://acme-v02.api.letsencrypt.org/directory'),
  /** By an answer at the name itself, through the ingress. */
  http01: z.boolean().default(false),
  /** By a record: cert-manager's own `dns01` solver, which names its credentials' Secret. */
  dns01: z.record(z.string(), z.unknown()).optional(),
});

/** Where the cluster measures no pods. */
export const metricsServer = z.strictObject({
  image: z.string().default('registry.k8s.io/metrics-server/metrics-server:v0.8.0'),
  /** Where kubelets have certificates that the cluster's authority has not signed: then whoever is between could lie about loads. */
  kubeletInsecureTls: z.boolean().default(false),
});

/** Who may look at everything in the cluster but secrets, as the cluster's authentication names them. */
export const operators = z.strictObject({ groups: z.array(subject).default([]), users: z.array(subject).default([]) }).prefault({});

/** KEDA, where the cluster has it, scales the provisioner by the open jobs that Prometheus tells of. */
export const queueScaling = z.strictObject({
  kedaNamespace: z.string().min(1).default('keda'),
  /** Absent: the platform's own. */
  prometheusUrl: z.url({ protocol: /^https?$/ }).optional(),
});
