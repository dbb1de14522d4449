import { z } from 'zod';

/** A name that people read: no control characters, no lone surrogates, no blanks around it. */
export const nameSchema = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(100, 'must have at most 100 characters')
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters');

/** Fits a DNS label. */
export const slugSchema = z
  .string()
  .max(63, 'must have at most 63 characters')
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'must be lower-case letters, digits and inner hyphens');

export const environmentSchema = z.enum(['production', 'staging', 'development']);
