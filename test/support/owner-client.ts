import { randomBytes } from 'node:crypto';

export interface Answer<Body = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: Body;
}

export interface OwnerClient {
  token: string;
  email: string;
  password: string;
  userId: string;
  get<Body>(path: string): Promise<Answer<Body>>;
  post<Body>(path: string, body: unknown): Promise<Answer<Body>>;
  patch<Body>(path: string, body: unknown): Promise<Answer<Body>>;
  delete<Body>(path: string): Promise<Answer<Body>>;
}

export interface ErrorAnswer {
  error: { code: string; message: string; requestId: string; retryAfter?: number; details?: { field?: string; reason: string } };
}

interface RequestOptions {
  method: string;
  path: string;
  token?: string | undefined;
  body?: unknown;
  /** Sent as it is, for what is not JSON. */
  raw?: string | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
}

/** One request to the control API; the body of the answer is parsed where it is JSON. */
export async function request<Body = ErrorAnswer>(
  base: string,
  { method, path, token, body, raw, headers }: RequestOptions,
): Promise<Answer<Body>> {
  const answer = await fetch(`${base}${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined && raw === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
  });
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.includes('json') === true && text !== '';
  return { status: answer.status, headers: answer.headers, body: (isJson ? JSON.parse(text) : text || undefined) as Body };
}

/** Signs a new owner up and returns a client that speaks for them. */
export async function signUpOwner(base: string): Promise<OwnerClient> {
  const email = `owner-${randomBytes(8).toString('hex')}@example.com`;
  const password = 'correct horse battery';
  const { status, body } = await request<{ token: string; user: { id: string } }>(base, {
    method: 'POST',
    path: '/control/v1/auth/signup',
    body: { name: 'Olive Owner', email, password },
  });
  if (status !== 201) throw new Error(`signup answered ${status}`);
  const { token } = body;
  return {
    ...{ token, email, password, userId: body.user.id },
    get: (path) => request(base, { method: 'GET', path, token }),
    post: (path, given) => request(base, { method: 'POST', path, token, body: given }),
    patch: (path, given) => request(base, { method: 'PATCH', path, token, body: given }),
    delete: (path) => request(base, { method: 'DELETE', path, token }),
  };
}
