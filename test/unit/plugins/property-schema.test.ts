import test from 'ava';
import { checkProperties, diffProperties } from '../../../toolchain/plugins/shared/property-schema.ts';
import type { PropertySchemas } from '../../../toolchain/plugins/shared/property-schema.ts';
import { unknown } from '../../../toolchain/plugins/shared/wire-values.ts';
import type { PropertyValue } from '../../../toolchain/plugins/shared/wire-values.ts';

const schemas: PropertySchemas = {
  name: { type: 'string', required: true, replaces: true },
  limit: { type: 'integer', min: -1, max: 10, default: -1 },
  login: { type: 'boolean', default: false },
  mode: { type: 'string', values: ['a', 'b'] },
  roles: { type: 'strings' },
  keepers: { type: 'map', replaces: true },
  owner: { type: 'string', computed: true },
  later: { type: 'string', unsupported: 'is not supported here' },
};

const refuses = test.macro({
  exec: (t, value: Record<string, PropertyValue>, property: string, reason: RegExp) => {
    const failures = checkProperties(schemas, { name: 'x', ...value });
    t.is(failures.length, 1);
    t.is(failures[0]?.property, property);
    t.regex(failures[0]?.reason ?? '', reason);
  },
  title: (_title, value) => `refuses ${JSON.stringify(value)}`,
});

test(refuses, { colour: 'red' }, 'colour', /^unknown property; known are keepers, later, limit/);
test(refuses, { limit: -2 }, 'limit', /^must be at least -1$/);
test(refuses, { limit: 11 }, 'limit', /^must be at most 10$/);
test(refuses, { limit: 1.5 }, 'limit', /^must be a whole number$/);
test(refuses, { limit: '1' }, 'limit', /^must be a whole number$/);
test(refuses, { login: 'yes' }, 'login', /^must be true or false$/);
test(refuses, { mode: 'c' }, 'mode', /^must be one of a, b$/);
test(refuses, { roles: ['a', 1] }, 'roles', /^must be a list of strings$/);
test(refuses, { keepers: ['a'] }, 'keepers', /^must be a map$/);
test(refuses, { later: 'x' }, 'later', /^is not supported here$/);

test('every failure is reported, a missing property included', (t) => {
  t.deepEqual(
    checkProperties(schemas, { limit: 99, login: 1 }).map(({ property }) => property),
    ['limit', 'login', 'name'],
  );
});

test('what is not known yet passes the check', (t) => {
  t.deepEqual(checkProperties(schemas, { name: unknown, limit: unknown, roles: [unknown] }), []);
});

const differs = test.macro({
  exec: (t, olds: Record<string, PropertyValue>, news: Record<string, PropertyValue>, expected: string[]) => {
    const differences = diffProperties(schemas, { name: 'x', ...olds }, { name: 'x', ...news });
    t.deepEqual(
      differences.map(({ property, replaces }) => `${property}${replaces ? ' replaces' : ''}`),
      expected,
    );
  },
  title: (_title, olds, news) => `from ${JSON.stringify(olds)} to ${JSON.stringify(news)}`,
});

test(differs, { limit: 1 }, { limit: 2 }, ['limit']);
test(differs, { limit: -1 }, {}, []);
test(differs, { limit: 5 }, {}, ['limit']);
test(differs, {}, { name: 'y' }, ['name replaces']);
test(differs, { roles: ['a', 'b'] }, { roles: ['b', 'a'] }, []);
test(differs, { roles: [] }, {}, []);
test(differs, { roles: ['a'] }, { roles: ['b'] }, ['roles']);
test(differs, { keepers: { a: '1', b: '2' } }, { keepers: { b: '2', a: '1' } }, []);
test(differs, { keepers: { a: '1' } }, { keepers: { a: '2' } }, ['keepers replaces']);
test(differs, { owner: 'chosen by the server' }, {}, []);
test(differs, { owner: 'one' }, { owner: 'another' }, ['owner']);
test(differs, { limit: 1 }, { limit: unknown }, ['limit']);

const nested: PropertySchemas = {
  settings: { type: 'object', properties: { on: { type: 'boolean', default: false }, made: { type: 'string', computed: true } } },
  rules: {
    type: 'objects',
    properties: {
      action: { type: 'string', required: true, values: ['block', 'log'] },
      id: { type: 'string', computed: true },
      limit: { type: 'object', properties: { period: { type: 'integer', required: true }, keys: { type: 'strings' } } },
    },
  },
};

const refusesNested = test.macro({
  exec: (t, value: Record<string, PropertyValue>, property: string, reason: RegExp) => {
    const [failure, ...others] = checkProperties(nested, value);
    t.deepEqual(others, []);
    t.is(failure?.property, property);
    t.regex(failure?.reason ?? '', reason);
  },
  title: (_title, value) => `refuses, by its path, what is wrong in ${JSON.stringify(value)}`,
});

test(refusesNested, { rules: [{ action: 'block' }, { action: 'jump' }] }, 'rules[1].action', /^must be one of block, log$/);
test(refusesNested, { rules: [{ action: 'block', limit: {} }] }, 'rules[0].limit.period', /^is required$/);
test(refusesNested, { rules: [{ action: 'block', colour: 'red' }] }, 'rules[0].colour', /^unknown property/);
test(refusesNested, { rules: { action: 'block' } }, 'rules', /^must be a list of objects$/);
test(refusesNested, { rules: [7] }, 'rules[0]', /^must be an object$/);
test(refusesNested, { settings: { on: 'yes' } }, 'settings.on', /^must be true or false$/);

test('what is not known yet in a nested object passes the check, and the rest of it is checked', (t) => {
  t.deepEqual(checkProperties(nested, { rules: [{ action: unknown, limit: unknown }], settings: unknown }), []);
  t.is(checkProperties(nested, { rules: [{ action: unknown, limit: { period: 'x' } }] })[0]?.property, 'rules[0].limit.period');
});

const nestedDiffers = test.macro({
  exec: (t, olds: Record<string, PropertyValue>, news: Record<string, PropertyValue>, expected: string[]) => {
    t.deepEqual(
      diffProperties(nested, olds, news).map(({ property }) => property),
      expected,
    );
  },
  title: (_title, olds, news) => `nested: from ${JSON.stringify(olds)} to ${JSON.stringify(news)}`,
});

test(nestedDiffers, { rules: [{ action: 'block', id: 'by the server' }] }, { rules: [{ action: 'block' }] }, []);
test(nestedDiffers, { rules: [{ action: 'block', id: 'a' }] }, { rules: [{ action: 'log' }] }, ['rules']);
test(nestedDiffers, { rules: [{ action: 'block' }, { action: 'log' }] }, { rules: [{ action: 'log' }, { action: 'block' }] }, ['rules']);
test(nestedDiffers, { rules: [{ action: 'block' }] }, { rules: [] }, ['rules']);
test(nestedDiffers, { settings: { on: false, made: 'x' } }, { settings: {} }, []);
test(nestedDiffers, { settings: { on: true } }, { settings: {} }, ['settings']);
test(
  nestedDiffers,
  { rules: [{ action: 'block', limit: { period: 10, keys: ['a', 'b'] } }] },
  { rules: [{ action: 'block', limit: { period: 10, keys: ['b', 'a'] } }] },
  [],
);
test(nestedDiffers, { rules: [{ action: 'block', limit: { period: 10 } }] }, { rules: [{ action: 'block' }] }, ['rules']);
