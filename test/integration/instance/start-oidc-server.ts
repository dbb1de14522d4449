import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import type { Account } from 'oidc-provider';

export interface OidcPerson {
  sub: string;
  email?: string;
  email_verified?: boolean;
  name?: string;
}

export interface TestOidcServer {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** What a person's browser does with the address that a sign-in started with: signs in there, and returns where it is sent. */
  browse(url: string, person: OidcPerson): Promise<URL>;
  /** Requests of each path so far. */
  requests: string[];
  stop(): Promise<void>;
}

const clientId = 'shop';
const clientSecret = 'shop-secret-shop-secret-shop-secret';

/** A real OpenID Connect provider, at which every person of a test has an account and agrees at once. */
export async function startOidcServer(redirectUris: string[], port = 0): Promise<TestOidcServer> {
  const people = new Map<string, OidcPerson>();
  const requests: string[] = [];
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: redirectUris }],
    claims: { email: ['email', 'email_verified'], profile: ['name'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    cookies: { keys: ['test'] },
    findAccount: (_ctx, sub): Account => ({ accountId: sub, claims: () => ({ ...people.get(sub), sub }) }),
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({ clientId, accountId: ctx.oidc.session?.accountId ?? '' });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
  });
  // It warns of what a production set-up would need.
  provider.on('server_error', () => {});
  const handle = provider.callback();
  server.on('request', (req, res) => {
    requests.push(req.url ?? '');
    if (!req.url?.startsWith('/interaction/')) void handle(req, res);
    else {
      const login = { accountId: String(new URL(req.url, issuer).searchParams.get('sub') ?? req.headers['x-sub']) };
      void provider.interactionFinished(req, res, { login }, { mergeWithLastSubmission: false });
    }
  });

  return {
    issuer,
    clientId,
    clientSecret,
    requests,
    async browse(url, person) {
      people.set(person.sub, person);
      const cookies = new Map<string, string>();
      let next = new URL(url);
      for (let hop = 0; hop < 10 && next.origin === issuer; hop += 1) {
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
        const response = await fetch(next, { redirect: 'manual', headers: { cookie, 'x-sub': person.sub } });
        for (const line of response.headers.getSetCookie()) {
          const [pair = ''] = line.split(';', 1);
          cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
        }
        const location = response.headers.get('location');
        if (location === null) throw new Error(`${next.pathname} answered ${response.status}: ${await response.text()}`);
        next = new URL(location, next);
      }
      return next;
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
