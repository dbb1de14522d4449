import test from 'ava';
import { thingNamed, thingOf } from '../../../services/provisioner/inventory/things.ts';
import type { Thing, ThingKind } from '../../../services/provisioner/inventory/inventory.ts';
import { compareThings } from '../../../services/provisioner/maintenance/sweep/compare-things.ts';
import type { ApplicationFacts } from '../../../services/provisioner/maintenance/sweep/read-applications.ts';

const id = 'app_abcdef';
const all: ThingKind[] = ['stack', 'namespace', 'database', 'role', 'route'];
const active: ApplicationFacts = { id, status: 'active', desired: 'present', databaseTier: 'shared', observedGeneration: 1, settled: true };
const things = (kinds: ThingKind[], appId = id) => new Map<string, Thing[]>([[appId, kinds.map((kind) => thingOf(kind, appId))]]);

const finds = test.macro(
  (t, application: Partial<ApplicationFacts> | undefined, kinds: ThingKind[], expected: [problem: string, kind: string][]) => {
    const applications = application === undefined ? [] : [{ ...active, ...application }];
    const findings = compareThings({ things: things(kinds), applications });
    t.deepEqual(
      findings.map(({ problem, kind }) => [problem, kind]),
      expected,
    );
  },
);

test('an application that has everything is no finding', finds, {}, all, []);
test(
  'what it lacks is missing',
  finds,
  {},
  ['stack', 'role'],
  [
    ['missing', 'namespace'],
    ['missing', 'database'],
    ['missing', 'route'],
  ],
);
test(
  'a suspended one has the same things',
  finds,
  { status: 'suspended', desired: 'suspended' },
  ['namespace', 'database', 'role', 'route'],
  [['missing', 'stack']],
);
test('a database server of its own is in its namespace', finds, { databaseTier: 'dedicated' }, ['stack', 'namespace', 'route'], []);
test('one that never came up is to have a route only', finds, { status: 'failed', observedGeneration: 0 }, ['namespace', 'route'], []);
test('one whose deletion failed may have any part of it', finds, { status: 'failed', desired: 'absent' }, ['database'], []);
test(
  'what is left of a deleted one is orphaned',
  finds,
  { status: 'deleted', desired: 'absent' },
  ['database', 'route'],
  [
    ['orphan', 'database'],
    ['orphan', 'route'],
  ],
);
test('what is left of one that nobody knows is too', finds, undefined, ['namespace'], [['orphan', 'namespace']]);
test('one that is being changed is left out', finds, { settled: false }, ['stack'], []);
test('and so is one that was deleted just now', finds, { status: 'deleted', desired: 'absent', settled: false }, ['stack'], []);

for (const [kind, name, appId] of [
  ['stack', 'app-abcdef', id],
  ['namespace', 'authsome-app-abcdef', id],
  ['volume', 'authsome-app-abcdef', id],
  ['database', 'authsome_app_abcdef', id],
  ['role', 'app_abcdef_user', id],
  ['route', 'app_abcdef', id],
] as const)
  test(`a ${kind} tells its application by its name`, (t) => t.deepEqual(thingNamed(kind, name), { kind, name, appId }));

for (const [kind, name] of [
  ['stack', 'production'],
  ['stack', 'app-abc'],
  ['namespace', 'authsome-app-abcdef-2'],
  ['namespace', 'my-app-abcdef'],
  ['database', 'authsome_control'],
  ['database', 'authsome_template'],
  ['database', 'authsome_app_ABCDEF'],
  ['role', 'authsome_tenants'],
  ['role', 'xapp_abcdef_user'],
] as const)
  test(`a ${kind} called ${name} is no application's`, (t) => t.is(thingNamed(kind, name), undefined));
