import test from 'ava';
import { planSpecs, runTenantProgram } from '../../unit/tenant-program/run-program.ts';
import { scoreObjects } from './score-objects.ts';

for (const plan of ['free', 'pro', 'enterprise'] as const)
  test.serial(`kube-score has nothing to say of an application of the ${plan} plan but what has an exception with a reason`, async (t) => {
    t.timeout(120_000);
    const { resources } = await runTenantProgram(planSpecs[plan]);
    const objects = resources.filter(({ type }) => type.startsWith('kubernetes:')).map(({ inputs }) => inputs);
    t.true(objects.length > 10);
    t.deepEqual(await scoreObjects(objects), []);
  });
