import test from 'ava';
import { readPlan, stepSchema } from '../../../../cli/preview/planned-resource.ts';

const urn = 'urn:pulumi:local::authsome-cloud::authsome:x:Y$kubernetes:core/v1:Secret::proxy';
const step = (given: object) => stepSchema.parse({ urn, type: 'kubernetes:core/v1:Secret', ...given });

test('the parts of a replacement are one resource, with what it was and what it is to be', (t) => {
  const [old, after] = [
    { custom: true, inputs: { a: 1 } },
    { custom: true, inputs: { a: 2 } },
  ];
  const plan = readPlan([
    step({ op: 'create-replacement', old, new: after, keys: ['a'], detailedDiff: { a: { diffKind: 'update-replace' } } }),
    step({ op: 'replace', old, new: after, detailedDiff: { a: { diffKind: 'update-replace' } } }),
    step({ op: 'delete-replaced', old }),
  ]);
  t.is(plan.length, 1);
  t.like(plan[0], {
    op: 'replace',
    kind: 'Secret',
    name: 'proxy',
    fields: [{ path: 'a', replaces: true }],
    before: { a: 1 },
    after: { a: 2 },
  });
});

test('secrets and what is not known yet are placeholders', (t) => {
  const inputs = {
    stringData: { '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270', ciphertext: 'bm90IHRvIGJlIHNob3du' },
    later: ['04da6b54-80e4-46f7-96ec-b56ff0331ba9'],
  };
  t.deepEqual(readPlan([step({ op: 'create', new: { custom: true, inputs } })])[0]?.after, {
    stringData: '[secret]',
    later: ['[not known yet]'],
  });
});

test("components, the engine's own resources and what is only read are no part of a plan", (t) => {
  const inputs = { custom: true, inputs: {} };
  t.deepEqual(
    readPlan([
      step({ op: 'create', type: 'pulumi:providers:kubernetes', new: inputs }),
      step({ op: 'create', type: 'authsome:platform:Workload', new: { inputs: {} } }),
      step({ op: 'read', new: inputs }),
    ]),
    [],
  );
});
