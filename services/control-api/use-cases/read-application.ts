import type { Kysely } from 'kysely';
import type { Database } from '../../shared/db/tables.ts';
import { appErrors } from '../../shared/errors.ts';
import { authorize } from '../policies.ts';
import { findApplication } from '../stores/application-store.ts';
import type { MemberApplication } from '../stores/application-store.ts';

/** @throws AppError not_found, forbidden */
export async function readApplication(db: Kysely<Database>, ids: { userId: string; applicationId: string }): Promise<MemberApplication> {
  const application = await findApplication(db, ids);
  if (!application) throw appErrors.notFound('application');
  authorize(application.role, 'application.read');
  return application;
}
