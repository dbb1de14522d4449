import Router from '@koa/router';
import { z } from 'zod';
import { readJson } from '../../shared/http/read-body.ts';
import type { DeleteOwnAccount } from '../auth/delete-own-account.ts';
import type { ExportUser } from '../auth/export-user.ts';
import { givenPasswordSchema, imageSchema, nameSchema } from '../auth/field-schemas.ts';
import { clientInfo } from '../auth/session-token.ts';
import type { Sessions } from '../auth/sessions.ts';
import type { UserChanges } from '../auth/user-changes.ts';
import type { Users } from '../auth/users.ts';
import { bodyLimit } from '../http/body-limit.ts';
import type { InstanceState } from '../http/caller.ts';
import { readSignedIn } from '../http/read-signed-in.ts';
import { presentExport } from '../presenters/present-export.ts';
import { presentUser } from '../presenters/present-user.ts';

const profileBody = z.strictObject({ name: nameSchema.optional(), image: imageSchema.optional() });
const deleteBody = z.strictObject({ password: givenPasswordSchema.optional() });

interface ProfileRoutesDeps {
  sessions: Sessions;
  users: Users;
  changes: UserChanges;
  exportUser: ExportUser;
  deleteOwnAccount: DeleteOwnAccount;
}

/** A person's own account. */
export function createProfileRoutes({ sessions, users, changes, exportUser, deleteOwnAccount }: ProfileRoutesDeps): Router<InstanceState> {
  const router = new Router<InstanceState>();

  router.patch('/auth/user', async (ctx) => {
    const { user } = await readSignedIn(ctx, sessions);
    ctx.body = presentUser(await changes.update(user.id, await readJson(ctx, profileBody, bodyLimit)));
  });

  router.get('/auth/user/export', async (ctx) => {
    const { user } = await readSignedIn(ctx, sessions);
    // The session's copy of the user may be older than the row.
    ctx.body = presentExport(await exportUser(await users.get(user.id)));
  });

  router.delete('/auth/user', async (ctx) => {
    const signedIn = await readSignedIn(ctx, sessions);
    const { password } = await readJson(ctx, deleteBody, bodyLimit);
    await deleteOwnAccount(signedIn, password, clientInfo(ctx.req.headers));
    ctx.status = 204;
  });

  return router;
}
