import { z } from 'zod';
import type { PlannedResource } from '../planned-resource.ts';
import { plannedPods } from './planned-pods.ts';
import { violation } from './policy.ts';
import type { Policy } from './policy.ts';

const expressionSchema = z.object({
  key: z.string(),
  operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
  values: z.array(z.string()).default([]),
});
const selectorSchema = z.object({
  matchLabels: z.record(z.string(), z.string()).default({}),
  matchExpressions: z.array(expressionSchema).default([]),
});
const networkPolicySchema = z.object({
  metadata: z.object({ namespace: z.string().default('default') }).prefault({}),
  spec: z.object({ podSelector: selectorSchema.prefault({}), policyTypes: z.array(z.string()).default(['Ingress']) }),
});

/** Without one that selects a pod, everything in the cluster may connect to it. */
export const networkPolicies: Policy = {
  name: 'network-policies',
  rule: 'Every pod is selected by a NetworkPolicy of its namespace for what comes in.',
  check: (plan) => {
    const policies = plan.flatMap(readPolicy);
    return plannedPods(plan)
      .filter(({ namespace, labels }) => !policies.some((policy) => policy.namespace === namespace && selects(policy.selector, labels)))
      .map(({ resource, namespace }) => violation(resource, `no NetworkPolicy in ${namespace} selects its pods`));
  },
};

function readPolicy({ type, after }: PlannedResource): { namespace: string; selector: z.output<typeof selectorSchema> }[] {
  if (type !== 'kubernetes:networking.k8s.io/v1:NetworkPolicy' || after === undefined) return [];
  const { metadata, spec } = networkPolicySchema.parse(after);
  return spec.policyTypes.includes('Ingress') ? [{ namespace: metadata.namespace, selector: spec.podSelector }] : [];
}

function selects({ matchLabels, matchExpressions }: z.output<typeof selectorSchema>, labels: Record<string, string>): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) => {
      const value = labels[key];
      switch (operator) {
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
      }
    })
  );
}
