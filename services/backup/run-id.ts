import { randomInt } from 'node:crypto';
import { z } from 'zod';

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
const randomLength = 6;

/** bkp_ and 20 characters: when it began, in UTC to the second, and a random rest. Sorted as text, ids are in the order of their runs. */
export function newRunId(now: Date = new Date()): string {
  const time = now.toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const rest = Array.from({ length: randomLength }, () => alphabet[randomInt(alphabet.length)]).join('');
  return `bkp_${time}${rest}`;
}

/** bkp_20261128153000abc123 → 2026-11-28T15:30:00Z */
export function startOfRun(id: string): Date {
  return new Date(id.replace(/^bkp_(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d).*$/, '$1-$2-$3T$4:$5:$6Z'));
}

/** Becomes part of paths: nothing else is let in. */
export const runIdSchema = z
  .string()
  .regex(/^bkp_\d{14}[a-z0-9]{6}$/, 'must be the id of a backup, such as bkp_20260131023000abc123')
  .refine((id) => !Number.isNaN(startOfRun(id).getTime()), 'must begin with a time that exists');
