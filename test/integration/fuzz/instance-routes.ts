import type { RouteTable } from './fuzz-api.ts';

const email = 'fuzz@example.com';
const password = 'correct horse battery';
const metadata = { plan: 'pro', tags: ['a', 'b'], nested: { deep: true } };
const image = 'https://pictures.example/ada.png';
const redirectUrl = 'https://shop.example.com/welcome';
const token = 'a'.repeat(43);
const code = '123456';
const user = { email, name: 'Ada', image, emailVerified: true, metadata };
const organization = { name: 'Acme', slug: 'acme', logo: image, metadata };

/** Every route of the customer API with input as its schema wants it. A route without an entry fails the suite. */
export const instanceRoutes: RouteTable = {
  'GET /health': {},
  'GET /ready': {},
  'POST /auth/signup': { body: { email, password, name: 'Ada', redirectUrl } },
  'POST /auth/signin': { body: { email, password } },
  'POST /auth/signout': {},
  'GET /auth/session': {},
  'POST /auth/session/refresh': {},
  'GET /auth/sessions': {},
  'DELETE /auth/sessions': {},
  'DELETE /auth/sessions/:id': {},
  'POST /auth/password/change': { body: { currentPassword: password, newPassword: password } },
  'POST /auth/password/forgot': { body: { email, redirectUrl } },
  'POST /auth/password/reset': { body: { token, newPassword: password } },
  'POST /auth/email/verify': { body: { token } },
  'POST /auth/email/verify/resend': { body: { email, redirectUrl } },
  'POST /auth/email/change': { body: { newEmail: email, password, redirectUrl } },
  'PATCH /auth/user': { body: { name: 'Ada', image } },
  'DELETE /auth/user': { body: { password } },
  'GET /auth/user/export': {},
  'POST /auth/totp/enrol': { body: { password, issuer: 'My Shop' } },
  'POST /auth/totp/verify': { body: { code } },
  'POST /auth/totp/backup-codes': { body: { code } },
  'POST /auth/totp/disable': { body: { code } },
  'POST /auth/totp/challenge': { body: { challengeToken: token, code } },
  'POST /auth/social/:provider/start': { body: { redirectUrl } },
  'POST /auth/social/:provider/callback': {
    body: { code, state: token, iss: 'https://accounts.google.com', user: { name: { firstName: 'Ada', lastName: 'L' } } },
  },
  'GET /auth/jwks': {},
  'POST /auth/token': {},
  'GET /auth/invitations': {},
  'POST /auth/invitations/accept': { body: { token } },
  'POST /auth/invitations/reject': { body: { id: 'inv_abcdefgh12345678' } },
  'GET /users': { query: { search: 'ada' } },
  'POST /users': { body: { ...user, password } },
  'POST /users/import': { body: { users: [{ ...user, createdAt: '2026-01-01T00:00:00Z' }] } },
  'GET /users/:id': {},
  'PATCH /users/:id': { body: user },
  'DELETE /users/:id': {},
  'GET /users/:id/export': {},
  'POST /users/:id/ban': { body: { reason: 'spam', until: '2999-01-01T00:00:00Z' } },
  'POST /users/:id/unban': {},
  'GET /users/:id/sessions': {},
  'DELETE /users/:id/sessions': {},
  'DELETE /users/:id/sessions/:sessionId': {},
  'GET /organizations': { query: { search: 'acme' } },
  'POST /organizations': { body: { ...organization, ownerId: 'usr_abcdefgh12345678' } },
  'GET /organizations/:id': {},
  'PATCH /organizations/:id': { body: organization },
  'DELETE /organizations/:id': {},
  'GET /organizations/:id/members': {},
  'POST /organizations/:id/members': { body: { userId: 'usr_abcdefgh12345678', role: 'member' } },
  'PATCH /organizations/:id/members/:memberId': { body: { role: 'admin' } },
  'DELETE /organizations/:id/members/:memberId': {},
  'GET /organizations/:id/invitations': {},
  'POST /organizations/:id/invitations': { body: { email, role: 'member', redirectUrl } },
  'DELETE /organizations/:id/invitations/:invitationId': {},
};
