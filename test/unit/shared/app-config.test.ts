import test from 'ava';
import fc from 'fast-check';
import { appConfigSchema } from '../../../services/shared/app-config.ts';
import { tenantSpecSchema } from '../../../tenant-program/spec.ts';

const specConfig = tenantSpecSchema.shape.config;

test('the defaults are those of the tenant program', (t) => {
  t.deepEqual(appConfigSchema.parse({}), specConfig.parse({}));
});

test('the fields are those of the tenant program', (t) => {
  t.deepEqual(Object.keys(appConfigSchema.parse({})).sort(), Object.keys(specConfig.parse({})).sort());
  t.false(appConfigSchema.safeParse({ other: 1 }).success);
});

test('whatever owners may set, the tenant program accepts as it is', (t) => {
  const given = fc.record(
    {
      sessionTimeoutSeconds: fc.oneof(fc.integer({ min: 0, max: 40_000_000 }), fc.double()),
      allowedOrigins: fc.array(fc.webUrl(), { maxLength: 60 }),
      emailVerificationRequired: fc.boolean(),
      mode: fc.constantFrom('standalone', 'saas', 'other'),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(given, (config) => {
      const parsed = appConfigSchema.safeParse(config);
      if (parsed.success) t.deepEqual(specConfig.parse(parsed.data), parsed.data);
    }),
  );
});
