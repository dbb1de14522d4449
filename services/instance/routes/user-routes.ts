import Router from '@koa/router';
import { z } from 'zod';
import { parseInput } from '../../shared/http/parse-input.ts';
import { readJson } from '../../shared/http/read-body.ts';
import type { ExportUser } from '../auth/export-user.ts';
import { emailSchema, imageSchema, metadataSchema, nameSchema, newPasswordSchema, pageQuery } from '../auth/field-schemas.ts';
import { maxImportedUsers } from '../auth/import-users.ts';
import type { ImportUsers } from '../auth/import-users.ts';
import type { Users } from '../auth/users.ts';
import { bodyLimit } from '../http/body-limit.ts';
import type { InstanceState } from '../http/caller.ts';
import { requireScope } from '../http/require-scope.ts';
import { presentExport } from '../presenters/present-export.ts';
import { presentFullUser } from '../presenters/present-user.ts';

/** The proxy takes no larger body. */
const importLimitBytes = 1_048_576;

const listQuery = z.strictObject({ ...pageQuery, search: z.string().trim().min(1).max(100).optional() });
const profile = { name: nameSchema, image: imageSchema, emailVerified: z.boolean(), metadata: metadataSchema };
const createBody = z.strictObject({ email: emailSchema, password: newPasswordSchema.optional(), ...z.object(profile).partial().shape });
const updateBody = z.strictObject({ email: emailSchema, ...profile }).partial();
const banBody = z.strictObject({
  reason: z.string().trim().max(500).nullable().default(null),
  until: z.iso
    .datetime({ offset: true })
    .refine((time) => Date.parse(time) > Date.now(), { error: 'must be in the future' })
    .nullable()
    .default(null),
});
const importBody = z.strictObject({ users: z.array(z.unknown()).min(1).max(maxImportedUsers) });

interface UserRoutesDeps {
  users: Users;
  importUsers: ImportUsers;
  exportUser: ExportUser;
}

/** What an application's backend may do with its users. */
export function createUserRoutes({ users, importUsers, exportUser }: UserRoutesDeps): Router<InstanceState> {
  const router = new Router<InstanceState>();
  const [read, write] = [requireScope('users:read'), requireScope('users:write')];

  router.get('/users', read, async (ctx) => {
    const { page, pageSize, search } = parseInput(listQuery, ctx.query);
    const { users: found, total } = await users.list({ page, pageSize, search });
    ctx.body = { data: found.map(presentFullUser), total, page, pageSize };
  });

  router.post('/users', write, async (ctx) => {
    ctx.body = presentFullUser(await users.create(await readJson(ctx, createBody, bodyLimit)));
    ctx.status = 201;
  });

  router.post('/users/import', write, async (ctx) => {
    const { users: rows } = await readJson(ctx, importBody, { limitBytes: importLimitBytes, uncheckedField: 'users' });
    const results = await importUsers(rows);
    ctx.body = { results: results.map((result, index) => ({ index, ...result })) };
  });

  router.get('/users/:id', read, async (ctx) => {
    ctx.body = presentFullUser(await users.get(ctx.params.id ?? ''));
  });

  router.patch('/users/:id', write, async (ctx) => {
    ctx.body = presentFullUser(await users.update(ctx.params.id ?? '', await readJson(ctx, updateBody, bodyLimit)));
  });

  router.delete('/users/:id', write, async (ctx) => {
    await users.remove(ctx.params.id ?? '');
    ctx.status = 204;
  });

  router.post('/users/:id/ban', write, async (ctx) => {
    const { reason, until } = await readJson(ctx, banBody, bodyLimit);
    ctx.body = presentFullUser(await users.ban(ctx.params.id ?? '', { reason, until: until === null ? null : new Date(until) }));
  });

  router.post('/users/:id/unban', write, async (ctx) => {
    ctx.body = presentFullUser(await users.unban(ctx.params.id ?? ''));
  });

  router.get('/users/:id/export', read, async (ctx) => {
    ctx.body = presentExport(await exportUser(await users.get(ctx.params.id ?? '')));
  });

  return router;
}
