import test from 'ava';
import { databaseTiers, planNames, plans } from '../../../services/shared/plans.ts';
import { databaseTiers as programTiers, planCeilings, plans as programPlans } from '../../../tenant-program/plans.ts';

test('plans and database tiers are those of the tenant program', (t) => {
  t.deepEqual([...planNames], [...programPlans]);
  t.deepEqual([...databaseTiers], [...programTiers]);
});

for (const plan of planNames) {
  test(`a new application on ${plan} gets the database tier that the tenant program allows there`, (t) => {
    t.is(plans[plan].databaseTier, planCeilings[plan].databaseTier);
  });
}
