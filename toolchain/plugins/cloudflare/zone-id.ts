import type { CheckFailure } from '../shared/property-schema.ts';
import { isUnknown } from '../shared/wire-values.ts';
import type { PropertyValue } from '../shared/wire-values.ts';

/** Cloudflare's ids are 32 hexadecimal digits; a zone's name in its place would only be answered with "could not route". */
export function checkId(property: string, value: PropertyValue | undefined): CheckFailure[] {
  if (value === undefined || isUnknown(value) || (typeof value === 'string' && /^[0-9a-f]{32}$/.test(value))) return [];
  return [{ property, reason: 'must be an id of 32 hexadecimal digits, as the zone’s overview page shows it' }];
}

/** The parts of an import id such as `<zone_id>/<setting_id>`. */
export function splitImportId(id: string, form: string): string[] {
  const parts = id.split('/');
  if (parts.length !== form.split('/').length || parts.includes('')) throw new Error(`the id to import must have the form ${form}`);
  return parts;
}
