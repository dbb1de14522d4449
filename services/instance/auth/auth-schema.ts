import type { BetterAuthPlugin } from 'better-auth';

/** What our backend keeps with a user. Nobody sets these at sign-up; null in rows from before the columns. */
export const userFields = {
  banned: { type: 'boolean', required: false, input: false },
  banReason: { type: 'string', required: false, input: false },
  banExpires: { type: 'date', required: false, input: false },
  metadata: { type: 'json', required: false, input: false },
} as const;

/** Tables, columns and indexes that better-auth's own plugins do not have; it migrates them together with its own. */
export const authSchema = {
  id: 'authsome-schema',
  schema: {
    user: { fields: {}, indexes: [{ fields: ['createdAt'] }] },
    session: { fields: {}, indexes: [{ fields: ['expiresAt'] }] },
    // Its unique index is in migrate-auth.ts: rows from before the column have no issuer, which better-auth's indexes do not allow.
    account: { fields: { issuer: { type: 'string', required: false } } },
    oneTimeToken: {
      fields: {
        purpose: { type: 'string', required: true },
        tokenHash: { type: 'string', required: true, unique: true },
        userId: { type: 'string', required: false, references: { model: 'user', field: 'id', onDelete: 'cascade' }, index: true },
        data: { type: 'json', required: false },
        attempts: { type: 'number', required: true },
        createdAt: { type: 'date', required: true },
        expiresAt: { type: 'date', required: true, index: true },
      },
    },
    twoFactor: { fields: { lastUsedStep: { type: 'number', required: false } } },
    // The tables of better-auth's organization plugin, by its names. The plugin itself knows sessions only, counts owners without a lock, and
    // building its endpoints would take 30 ms of every start: organizations/ has what the product needs.
    organization: {
      fields: {
        name: { type: 'string', required: true },
        slug: { type: 'string', required: true, unique: true },
        logo: { type: 'string', required: false },
        createdAt: { type: 'date', required: true },
        metadata: { type: 'string', required: false },
      },
    },
    member: {
      fields: {
        organizationId: {
          type: 'string',
          required: true,
          references: { model: 'organization', field: 'id', onDelete: 'cascade' },
          index: true,
        },
        userId: { type: 'string', required: true, references: { model: 'user', field: 'id', onDelete: 'cascade' }, index: true },
        role: { type: 'string', required: true },
        createdAt: { type: 'date', required: true },
      },
      indexes: [{ fields: ['organizationId', 'userId'], unique: true }],
    },
    invitation: {
      fields: {
        organizationId: {
          type: 'string',
          required: true,
          references: { model: 'organization', field: 'id', onDelete: 'cascade' },
          index: true,
        },
        email: { type: 'string', required: true, index: true },
        role: { type: 'string', required: true },
        status: { type: 'string', required: true },
        expiresAt: { type: 'date', required: true },
        createdAt: { type: 'date', required: true },
        // Null for the backend's. Those of a user are withdrawn with them (erase-user.ts).
        inviterId: { type: 'string', required: false, references: { model: 'user', field: 'id', onDelete: 'set null' }, index: true },
        tokenHash: { type: 'string', required: false },
      },
    },
  },
} satisfies BetterAuthPlugin;
