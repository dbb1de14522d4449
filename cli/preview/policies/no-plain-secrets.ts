import { z } from 'zod';
import { secretPlaceholder } from '../planned-resource.ts';
import type { PlannedResource } from '../planned-resource.ts';
import { plannedPods } from './planned-pods.ts';
import { violation } from './policy.ts';
import type { Policy, Violation } from './policy.ts';

/** A name that ends so holds a secret; `…_FILE` says where one is. */
const secretName = /(^|_)(PASSWORD|PASSPHRASE|SECRET|TOKEN|CREDENTIALS|(API|ACCESS|PRIVATE|SECRET|ENCRYPTION|AUTH|SIGNING|LICENSE)_?KEY)$/i;
export const urlWithPassword = /[\w+.-]:\/\/[^\s/:@]*:[^\s/@]+@/;

/** Whoever may read a Deployment or a ConfigMap, an operator without rights to secrets for one, reads what is written there. */
export const noPlainSecrets: Policy = {
  name: 'no-plain-secrets',
  rule: 'Secrets reach pods by Secret objects: never as values in env, args or a ConfigMap.',
  check: (plan) => [...plannedPods(plan).flatMap(checkPod), ...plan.flatMap(checkConfigMap)],
};

function checkPod({ resource, containers }: ReturnType<typeof plannedPods>[number]): Violation[] {
  return containers.flatMap(({ name, env, args, command }) => [
    ...env
      .filter((variable) => isSecret(variable.name, variable.value))
      .map((variable) => violation(resource, `container ${name} has ${variable.name} as a plain value`)),
    ...[...command, ...args].filter(isSecretText).map(() => violation(resource, `container ${name} has a secret in its command line`)),
  ]);
}

function checkConfigMap(resource: PlannedResource): Violation[] {
  if (resource.type !== 'kubernetes:core/v1:ConfigMap') return [];
  const data = z.record(z.string(), z.string()).catch({}).parse(resource.after?.['data']);
  return Object.entries(data)
    .filter(([name, value]) => isSecret(name, value))
    .map(([name]) => violation(resource, `${name} is a secret`));
}

function isSecret(name: string, value: string | undefined): boolean {
  return value !== undefined && value !== '' && (secretName.test(name) || isSecretText(value));
}

/** Pulumi knows of it that it is one, or it looks like one. */
function isSecretText(value: string): boolean {
  return value === secretPlaceholder || urlWithPassword.test(value);
}
