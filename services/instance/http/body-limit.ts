/** The largest valid body that is not a list is under 12 KiB: a user's metadata. */
export const bodyLimit = { limitBytes: 16_384 } as const;
