import { diffProperties } from '../shared/property-schema.ts';
import type { Properties, PropertyValue } from '../shared/wire-values.ts';
import { rule as ruleSchema } from './ruleset-schema.ts';

/**
 * Gives rules without a `ref` the one that they had, so that a rule that stays as it is keeps its id, its counters and its analytics:
 * without one, Cloudflare takes every rule of an update for a new one.
 */
export function keepRefs(olds: PropertyValue | undefined, news: PropertyValue | undefined): PropertyValue {
  const wanted = rulesOf(news);
  const taken = new Set(wanted.map(({ ref }) => ref));
  const free = rulesOf(olds).filter(({ ref }) => typeof ref === 'string' && !taken.has(ref));
  return wanted.map((rule) => {
    if (rule['ref'] !== undefined) return rule;
    const index = free.findIndex((old) => diffProperties(ruleSchema, old, rule).length === 0);
    const [same] = index >= 0 ? free.splice(index, 1) : [];
    return same?.['ref'] === undefined ? rule : { ...rule, ref: same['ref'] };
  });
}

function rulesOf(value: PropertyValue | undefined): Properties[] {
  return Array.isArray(value)
    ? value.filter((item): item is Properties => typeof item === 'object' && item !== null && !Array.isArray(item))
    : [];
}
