import { randomInt } from 'node:crypto';
import { hash } from 'bcryptjs';
import type { CheckFailure, PropertySchemas } from '../shared/property-schema.ts';
import { withDefaults } from '../shared/property-schema.ts';
import { isUnknown, text } from '../shared/wire-values.ts';
import type { NoConfig, ResourceType, State } from '../shared/resource-provider.ts';
import type { Properties } from '../shared/wire-values.ts';

const inputs: PropertySchemas = {
  length: { type: 'integer', required: true, min: 1, max: 65_536, replaces: true },
  keepers: { type: 'map', replaces: true },
  lower: { type: 'boolean', default: true, replaces: true },
  upper: { type: 'boolean', default: true, replaces: true },
  numeric: { type: 'boolean', computed: true, replaces: true },
  number: { type: 'boolean', computed: true, replaces: true },
  special: { type: 'boolean', default: true, replaces: true },
  overrideSpecial: { type: 'string', replaces: true },
  minLower: { type: 'integer', min: 0, default: 0, replaces: true },
  minUpper: { type: 'integer', min: 0, default: 0, replaces: true },
  minNumeric: { type: 'integer', min: 0, default: 0, replaces: true },
  minSpecial: { type: 'integer', min: 0, default: 0, replaces: true },
};

const outputs: PropertySchemas = {
  result: { type: 'string', secret: true },
  bcryptHash: { type: 'string', secret: true },
};

/** `random.RandomPassword`: a password from a cryptographic generator, made once and kept in the state as a secret. */
export const randomPassword: ResourceType<NoConfig> = {
  token: 'random:index/randomPassword:RandomPassword',
  inputs,
  outputs,
  checkRules: checkClasses,
  create: async (_config, properties) => ({ id: 'none', state: await stateOf(properties, generatePassword(properties)) }),
  // There is no object outside the state; an import gives the password as the id.
  read: async (_config, id, state) =>
    state['result'] === undefined ? stateOf(withDefaults(inputs, { length: [...id].length }), id) : state,
  delete: () => Promise.resolve(),
};

/** Generates a password: first each class's minimum, the rest from all classes, then shuffled, all with uniform choice. */
export function generatePassword(properties: Properties): string {
  const classes = characterClasses(properties);
  const chosen = classes.flatMap(({ characters, min }) => pick(characters, min));
  const all = classes
    .filter(({ on }) => on)
    .map(({ characters }) => characters)
    .join('');
  chosen.push(...pick(all, Number(properties['length']) - chosen.length));
  return shuffle(chosen).join('');
}

const bcryptCost = 10;

async function stateOf(properties: Properties, result: string): Promise<State> {
  const numeric = isNumeric(properties);
  // Of a longer password bcrypt hashes the first 72 bytes, here as in the official plugin.
  return { ...properties, numeric, number: numeric, result, bcryptHash: await hash(result, bcryptCost) };
}

function checkClasses(properties: Properties): CheckFailure[] {
  if (isUnknown(properties)) return [];
  const classes = characterClasses(properties);
  const minimum = classes.reduce((sum, { min }) => sum + min, 0);
  const failures: CheckFailure[] = [];
  if (!classes.some(({ on, characters }) => on && characters.length > 0))
    failures.push({ property: 'special', reason: 'and lower, upper and numeric are all off: at least one must be on' });
  if (Number(properties['length']) < minimum)
    failures.push({ property: 'length', reason: `must be at least minLower + minUpper + minNumeric + minSpecial, ${minimum}` });
  for (const { name, characters, min } of classes)
    if (min > 0 && characters.length === 0) failures.push({ property: name, reason: 'needs a non-empty set of characters' });
  return failures;
}

/** `number` is the old name of `numeric`, and wins where both are set. */
function isNumeric(properties: Properties): boolean {
  return (properties['number'] ?? properties['numeric'] ?? true) === true;
}

interface CharacterClass {
  name: string;
  characters: string;
  on: boolean;
  min: number;
}

function characterClasses(properties: Properties): CharacterClass[] {
  const special = text(properties['overrideSpecial']) || '!@#$%&*()-_=+[]{}<>:?';
  return [
    characterClass('minLower', 'abcdefghijklmnopqrstuvwxyz', properties['lower'], properties),
    characterClass('minUpper', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', properties['upper'], properties),
    characterClass('minNumeric', '0123456789', isNumeric(properties), properties),
    characterClass('minSpecial', special, properties['special'], properties),
  ];
}

function characterClass(name: string, characters: string, on: unknown, properties: Properties): CharacterClass {
  return { name, characters, on: on === true, min: Number(properties[name] ?? 0) };
}

function pick(characters: string, count: number): string[] {
  const alphabet = [...characters];
  return Array.from({ length: count }, () => alphabet[randomInt(alphabet.length)] as string);
}

function shuffle(items: string[]): string[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [items[last], items[other]] = [items[other] as string, items[last] as string];
  }
  return items;
}
