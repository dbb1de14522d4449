import test from 'ava';
import { tenantNames } from '../../../tenant-program/names.ts';
import { tenantSpecSchema } from '../../../tenant-program/spec.ts';
import { specInput } from './run-program.ts';

const refused = test.macro({
  exec: (t, changes: object, field: string) => {
    const result = tenantSpecSchema.safeParse({ ...specInput(), ...changes });
    t.false(result.success);
    t.deepEqual(
      result.error?.issues.map(({ path }) => path.join('.')),
      [field],
    );
  },
  title: (_title, changes) => `refuses ${JSON.stringify(changes)}`,
});

test(refused, { appId: 'app_ABC123' }, 'appId');
test(refused, { appId: "app_x'; drop" }, 'appId');
test(refused, { plan: 'gold' }, 'plan');
test(refused, { region: 'somewhere' }, 'region');
test(refused, { images: { instance: '', redis: 'r' } }, 'images.instance');
test(refused, { config: { sessionTimeoutSeconds: 1 } }, 'config.sessionTimeoutSeconds');
test(refused, { config: { allowedOrigins: ['not a url'] } }, 'config.allowedOrigins.0');
test(refused, { resources: { replicas: 11 } }, 'resources.replicas');
test(refused, { database: { ...specInput().database, port: 0 } }, 'database.port');
test(refused, { cluster: {} }, 'cluster.systemNamespace');
test(refused, { colour: 'red' }, '');

test('names follow from the id, and the stack name holds no underscore', (t) => {
  t.deepEqual(tenantNames('app_abc123'), {
    stack: 'app-abc123',
    namespace: 'authsome-app-abc123',
    database: 'authsome_app_abc123',
    role: 'app_abc123_user',
    serviceAccount: 'app-abc123-sa',
    internalUrl: 'http://authsome.authsome-app-abc123.svc.cluster.local',
  });
});
