import { z } from 'zod';
import type { PlannedResource } from '../planned-resource.ts';

/** What is not known before an `up` breaks no rule about what is wrong, and fulfils none about what must be there. */
const capabilities = z.object({ add: z.array(z.string()).default([]), drop: z.array(z.string()).default([]) });
const security = z
  .object({
    runAsNonRoot: z.boolean().optional(),
    runAsUser: z.number().optional(),
    privileged: z.boolean().optional(),
    allowPrivilegeEscalation: z.boolean().optional(),
    readOnlyRootFilesystem: z.boolean().optional(),
    capabilities: capabilities.optional(),
    seccompProfile: z.object({ type: z.string() }).optional(),
  })
  .default({});

const containerSchema = z.object({
  name: z.string(),
  image: z.string().default(''),
  securityContext: security,
  resources: z
    .object({ limits: z.record(z.string(), z.unknown()).default({}), requests: z.record(z.string(), z.unknown()).default({}) })
    .prefault({}),
  env: z.array(z.object({ name: z.string(), value: z.string().optional() })).default([]),
  args: z.array(z.string()).default([]),
  command: z.array(z.string()).default([]),
});

const podSchema = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }).prefault({}),
  spec: z.object({
    securityContext: security,
    hostNetwork: z.boolean().default(false),
    hostPID: z.boolean().default(false),
    hostIPC: z.boolean().default(false),
    initContainers: z.array(containerSchema).default([]),
    containers: z.array(containerSchema).min(1),
    volumes: z.array(z.object({ name: z.string(), hostPath: z.unknown().optional() })).default([]),
  }),
});

export type PlannedContainer = z.output<typeof containerSchema>;

export interface PlannedPod {
  resource: PlannedResource;
  namespace: string;
  labels: Record<string, string>;
  spec: z.output<typeof podSchema>['spec'];
  containers: PlannedContainer[];
}

const metadataSchema = z.object({ metadata: z.object({ namespace: z.string().default('default') }).prefault({}) });
const templateSchema = z.object({ spec: z.object({ template: podSchema }) });
const cronJobSchema = z.object({ spec: z.object({ jobTemplate: templateSchema }) });

type Reader = (inputs: unknown) => z.output<typeof podSchema>;

const readers: Record<string, Reader> = {
  'kubernetes:core/v1:Pod': (inputs) => podSchema.parse(inputs),
  'kubernetes:apps/v1:Deployment': (inputs) => templateSchema.parse(inputs).spec.template,
  'kubernetes:apps/v1:StatefulSet': (inputs) => templateSchema.parse(inputs).spec.template,
  'kubernetes:apps/v1:DaemonSet': (inputs) => templateSchema.parse(inputs).spec.template,
  'kubernetes:batch/v1:Job': (inputs) => templateSchema.parse(inputs).spec.template,
  'kubernetes:batch/v1:CronJob': (inputs) => cronJobSchema.parse(inputs).spec.jobTemplate.spec.template,
};

/**
 * The pods that a plan's workloads would have.
 *
 * @throws Error where a workload can't be read, and so not judged
 */
export function plannedPods(plan: readonly PlannedResource[]): PlannedPod[] {
  return plan.flatMap((resource) => {
    const read = readers[resource.type];
    if (read === undefined || resource.after === undefined) return [];
    const { metadata, spec } = readPod(resource, read);
    const { namespace } = metadataSchema.parse(resource.after).metadata;
    return [{ resource, namespace, labels: metadata.labels, spec, containers: [...spec.initContainers, ...spec.containers] }];
  });
}

function readPod({ kind, name, after }: PlannedResource, read: Reader): z.output<typeof podSchema> {
  try {
    return read(after);
  } catch (cause) {
    throw new Error(
      `the pods of ${kind}/${name} can't be judged: ${cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause)}`,
      { cause },
    );
  }
}
