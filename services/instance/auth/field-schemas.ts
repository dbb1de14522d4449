import { z } from 'zod';

/** Bounds of a password's length: at least 8 as in NIST SP 800-63B; at most 128, so that hashing can't be made expensive. */
export const passwordLength = { min: 8, max: 128 } as const;

/** 254 characters is the longest address that SMTP can carry (RFC 5321, erratum 1690). Stored in lower case. */
export const emailSchema = z.email().max(254);
export const newPasswordSchema = z.string().min(passwordLength.min).max(passwordLength.max);
/**
 * A password to be compared: whatever its length, it is right or wrong, never malformed. Imported users may have longer ones than may be set
 * here; the bound keeps hashing cheap.
 */
export const givenPasswordSchema = z.string().min(1).max(1_024);
export const nameSchema = z.string().trim().max(100);
/** An address of a picture. Not the picture itself: it would be in every cached session. */
export const imageSchema = z
  .url({ protocol: /^https?$/ })
  .max(2_048)
  .nullable();

/** 8 KiB: a row's worth of facts, not a store. */
const maxMetadataBytes = 8_192;
export const metadataSchema = z
  .record(z.string().max(256), z.json())
  .refine((metadata) => Buffer.byteLength(JSON.stringify(metadata)) <= maxMetadataBytes, {
    error: `must be at most ${maxMetadataBytes} bytes of JSON`,
  });

export const pageQuery = {
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(100).default(20),
};
