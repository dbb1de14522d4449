import { maxInstancePods } from './instance-pods.ts';
import { planCeilings } from './plans.ts';
import { bytes, cpuMillis } from './quantity.ts';
import type { TenantSpec } from './spec.ts';

export interface CeilingIssue {
  path: string[];
  message: string;
}

/** Everything in which a spec exceeds its plan, its quota or itself, by field. */
export function checkCeilings(spec: TenantSpec): CeilingIssue[] {
  return [...exceedsPlan(spec), ...exceedsQuota(spec), ...asksForMoreThanItsLimit(spec)];
}

function exceedsPlan({ plan, resources, database }: TenantSpec): CeilingIssue[] {
  const ceiling = planCeilings[plan];
  const issues: CeilingIssue[] = [];
  const tooMuch = (field: string, given: string | number, most: string | number): void => {
    issues.push({ path: ['resources', field], message: `is ${given}, the ${plan} plan has ${most} at most` });
  };
  if (resources.replicas > ceiling.maxReplicas) tooMuch('replicas', resources.replicas, ceiling.maxReplicas);
  if (resources.maxReplicas > ceiling.maxReplicas) tooMuch('maxReplicas', resources.maxReplicas, ceiling.maxReplicas);
  if (cpuMillis(resources.quotaCpu) > cpuMillis(ceiling.quotaCpu)) tooMuch('quotaCpu', resources.quotaCpu, ceiling.quotaCpu);
  if (bytes(resources.quotaMemory) > bytes(ceiling.quotaMemory)) tooMuch('quotaMemory', resources.quotaMemory, ceiling.quotaMemory);
  if (database.tier === 'shared') return issues;
  if (ceiling.storage === null)
    issues.push({ path: ['database', 'tier'], message: `is dedicated, the ${plan} plan has no server of its own` });
  else if (bytes(database.storage) > bytes(ceiling.storage))
    issues.push({ path: ['database', 'storage'], message: `is ${database.storage}, the ${plan} plan has ${ceiling.storage} at most` });
  return issues;
}

/** All pods at once, at most replicas and while they roll: without that room a rollout would hang half done. */
function exceedsQuota({ resources, database }: TenantSpec): CeilingIssue[] {
  const issues: CeilingIssue[] = [];
  if (resources.replicas > resources.maxReplicas)
    issues.push({ path: ['resources', 'replicas'], message: `is ${resources.replicas}, more than maxReplicas, ${resources.maxReplicas}` });
  const pods = maxInstancePods(resources);
  const own = database.tier === 'dedicated' ? database : undefined;
  const millis = pods * cpuMillis(resources.cpu) + cpuMillis(resources.redisCpu) + (own ? cpuMillis(own.cpu) : 0);
  const memory = pods * bytes(resources.memory) + bytes(resources.redisMemory) + (own ? bytes(own.memory) : 0);
  if (millis > cpuMillis(resources.quotaCpu))
    issues.push({ path: ['resources', 'quotaCpu'], message: `is ${resources.quotaCpu}, the pods need up to ${millis}m` });
  if (memory > bytes(resources.quotaMemory))
    issues.push({
      path: ['resources', 'quotaMemory'],
      message: `is ${resources.quotaMemory}, the pods need up to ${Math.ceil(memory / 2 ** 20)}Mi`,
    });
  return issues;
}

/** The cluster refuses such a container, but only when its pod is made. */
function asksForMoreThanItsLimit({ resources, database }: TenantSpec): CeilingIssue[] {
  const pairs: [section: string, field: string, request: number, limit: number][] = [
    ['resources', 'cpuRequest', cpuMillis(resources.cpuRequest), cpuMillis(resources.cpu)],
    ['resources', 'memoryRequest', bytes(resources.memoryRequest), bytes(resources.memory)],
    ['resources', 'redisCpuRequest', cpuMillis(resources.redisCpuRequest), cpuMillis(resources.redisCpu)],
    ['resources', 'redisMemoryRequest', bytes(resources.redisMemoryRequest), bytes(resources.redisMemory)],
  ];
  if (database.tier === 'dedicated')
    pairs.push(
      ['database', 'cpuRequest', cpuMillis(database.cpuRequest), cpuMillis(database.cpu)],
      ['database', 'memoryRequest', bytes(database.memoryRequest), bytes(database.memory)],
    );
  return pairs
    .filter(([, , request, limit]) => request > limit)
    .map(([section, field]) => ({ path: [section, field], message: 'is more than the limit' }));
}
