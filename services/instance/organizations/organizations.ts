import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { slugFrom } from '../../../domain/slug.ts';
import { appErrors } from '../../shared/errors.ts';
import { newId } from '../../shared/ids.ts';
import type { AuthDatabase, AuthExecutor } from '../auth/auth-database.ts';
import { containing, searchedText } from '../auth/search-text.ts';
import { isUniqueViolation } from '../auth/user-changes.ts';
import { findUserById } from '../auth/user-store.ts';
import { requireRole } from './organization-access.ts';
import type { Actor, StoredOrganization } from './organization-access.ts';
import type { OrganizationLimits } from './organization-limits.ts';

export interface OrganizationChange {
  name?: string | undefined;
  slug?: string | undefined;
  logo?: string | null | undefined;
  metadata?: Record<string, unknown> | undefined;
}

export interface NewOrganization extends OrganizationChange {
  name: string;
}

export interface OrganizationPage {
  organizations: StoredOrganization[];
  total: number;
}

export type Organizations = ReturnType<typeof createOrganizations>;

/** A person makes a few; a script that makes more would use the secret key. */
const maxOwnedByUser = 20;

export function createOrganizations({ database, limits }: { database: AuthDatabase; limits: OrganizationLimits }) {
  return {
    /** @throws conflict where the slug is taken, or the user owns too many; not_found where the owner is unknown; rate_limit_exceeded */
    async create({ name, slug, logo, metadata }: NewOrganization, ownerId: string, actor: Actor): Promise<StoredOrganization> {
      await limits.countOrganization(actor);
      return database.transaction().execute(async (transaction) => {
        // Held, so that a user's requests are counted one after the other.
        await sql`select 1 from "user" where id = ${ownerId} for update`.execute(transaction);
        if (!(await findUserById(transaction, ownerId))) throw appErrors.notFound('user');
        if ('user' in actor && (await countOwned(transaction, ownerId)) >= maxOwnedByUser) {
          throw appErrors.conflict({ reason: 'too_many_organizations' });
        }
        const id = newId('org');
        const now = new Date();
        const organization = await transaction
          .insertInto('organization')
          .values({ id, name, slug: slug ?? slugFor(name), logo: logo ?? null, metadata: metadataText(metadata) ?? null, createdAt: now })
          .returningAll()
          .executeTakeFirstOrThrow()
          .catch(refuseTakenSlug);
        await transaction
          .insertInto('member')
          .values({ id: newId('mem'), organizationId: id, userId: ownerId, role: 'owner', createdAt: now })
          .execute();
        return organization;
      });
    },

    /** A user's own organizations, or all of them to the backend. */
    async list(
      actor: Actor,
      { page, pageSize, search }: { page: number; pageSize: number; search?: string | undefined },
    ): Promise<OrganizationPage> {
      let matching = database.selectFrom('organization');
      if ('user' in actor) {
        const { id } = actor.user;
        matching = matching.where('organization.id', 'in', (eb) =>
          eb.selectFrom('member').select('organizationId').where('userId', '=', id),
        );
      }
      if (search !== undefined) {
        const pattern = containing(search);
        matching = matching.where((eb) => eb.or([eb(searchedText(eb.ref('name')), 'like', pattern), eb('slug', 'like', pattern)]));
      }
      const [organizations, { total }] = await Promise.all([
        matching
          .selectAll()
          .orderBy('createdAt', 'desc')
          .orderBy('id')
          .limit(pageSize)
          .offset((page - 1) * pageSize)
          .execute(),
        matching.select(({ fn }) => fn.countAll().as('total')).executeTakeFirstOrThrow(),
      ]);
      return { organizations, total: Number(total) };
    },

    async get(organizationId: string, actor: Actor): Promise<StoredOrganization> {
      return (await requireRole(database, { organizationId, actor, least: 'member' })).organization;
    },

    /** @throws conflict where the slug is taken */
    async update(organizationId: string, change: OrganizationChange, actor: Actor): Promise<StoredOrganization> {
      const { organization } = await requireRole(database, { organizationId, actor, least: 'admin' });
      const { metadata, ...rest } = change;
      const values = { ...rest, ...(metadata === undefined ? {} : { metadata: metadataText(metadata) }) };
      if (Object.values(values).every((value) => value === undefined)) return organization;
      return database
        .updateTable('organization')
        .set(values)
        .where('id', '=', organization.id)
        .returningAll()
        .executeTakeFirstOrThrow()
        .catch(refuseTakenSlug);
    },

    /** Members and invitations go with it. */
    async remove(organizationId: string, actor: Actor): Promise<void> {
      const { organization } = await requireRole(database, { organizationId, actor, least: 'owner' });
      await database.deleteFrom('organization').where('id', '=', organization.id).execute();
    },
  };
}

async function countOwned(db: AuthExecutor, userId: string): Promise<number> {
  const { owned } = await db
    .selectFrom('member')
    .select(({ fn }) => fn.countAll().as('owned'))
    .where('userId', '=', userId)
    .where('role', '=', 'owner')
    .executeTakeFirstOrThrow();
  return Number(owned);
}

/** Readable, and free with near certainty, so that nobody learns which names others use. */
function slugFor(name: string): string {
  const words = slugFrom(name, 40);
  return `${words === '' ? 'organization' : words}-${randomBytes(4).toString('hex')}`;
}

function metadataText(metadata: Record<string, unknown> | undefined): string | undefined {
  return metadata === undefined ? undefined : JSON.stringify(metadata);
}

function refuseTakenSlug(err: unknown): never {
  if (isUniqueViolation(err)) throw appErrors.conflict({ field: 'slug', reason: 'already_in_use' });
  throw err;
}
