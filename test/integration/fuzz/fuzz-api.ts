import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { hostileBody, hostileHeader, hostilePart, hostileToken, partsFor, tokensFor } from './hostile-values.ts';
import { runProperty } from './run-property.ts';
import { sendRequest } from './send-request.ts';
import type { FuzzAnswer, FuzzRequest } from './send-request.ts';

/** What a route takes when it is asked as it should be. Values may be functions, to be new each time or to name what exists. */
export interface RouteInput {
  /** Fields of the JSON body. */
  body?: Record<string, unknown>;
  /** Parameters of the query. */
  query?: Record<string, string>;
}

/** `METHOD /path/:with/:parameters` → its input. */
export type RouteTable = Record<string, RouteInput>;

/** Ways to be known to an API: headers, looked up when a request is sent, as a hostile request may end a session. */
export type Credentials = Record<string, () => Promise<Record<string, string>>>;

export interface FuzzTarget {
  port: number;
  credentials: Credentials;
  /** The names of those that get furthest into a handler. */
  privileged: readonly string[];
  /** Hears of every answer: what a credential needs may be gone with it. */
  answered: (request: FuzzRequest, status: number) => void;
  /** A value for a path's parameter that exists: `:id` of `/users/:id`. */
  existing: (parameter: string, path: string) => string;
}

/** 503 is documented for what depends on other servers, and there is none that a test could take away. */
const knownCodes = ['invalid_request', 'unauthorized', 'forbidden', 'not_found', 'conflict', 'rate_limit_exceeded'];

/** Half of the requests are well-formed but for a value or two; the others are arbitrary in everything. */
function requestsTo(route: string, input: RouteInput, target: FuzzTarget): Arbitrary<{ request: FuzzRequest; credential: string }> {
  const [method = '', pattern = ''] = route.split(' ');
  const value = (valid: unknown): Arbitrary<string | undefined> =>
    fc.oneof(
      { weight: 6, arbitrary: fc.constant(JSON.stringify(valid)) },
      { weight: 3, arbitrary: hostileToken },
      { weight: 1, arbitrary: fc.constant(undefined) },
    );
  const fields = Object.entries(input.body ?? {});
  const stray: Arbitrary<[string, string] | undefined> = fc.oneof(
    { weight: 8, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.tuple(
        fc.constantFrom('__proto__', 'constructor', 'id', '', 'a.b', 'a[0]', ...fields.map(([name]) => name)),
        hostileToken,
      ),
    },
  );
  const object = fc.tuple(stray, ...fields.map(([, valid]) => value(valid))).map(([extra, ...tokens]) => {
    const members = [...fields.map(([name], index) => [name, tokens[index]] as const), ...(extra ? [extra] : [])];
    const text = members.filter(([, token]) => token !== undefined).map(([name, token]) => `${JSON.stringify(name)}:${token}`);
    return Buffer.from(`{${text.join(',')}}`);
  });
  const body =
    method === 'GET'
      ? fc.constant(undefined)
      : fc.oneof({ weight: 5, arbitrary: object }, { weight: 1, arbitrary: hostileBody }, { weight: 1, arbitrary: fc.constant(undefined) });
  const contentType = fc.oneof(
    { weight: 12, arbitrary: fc.constant('application/json') },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'application/json; charset=utf-16',
        'APPLICATION/JSON',
        'application/jsonx',
        'text/plain',
        'multipart/form-data; boundary=x',
      ),
    },
    { weight: 1, arbitrary: fc.option(hostileHeader, { nil: undefined }) },
  );
  const path = fc
    .tuple(
      ...pattern
        .split('/')
        .map((part) => (part.startsWith(':') ? partOf(() => target.existing(part.slice(1), pattern)) : fc.constant(part))),
    )
    .map((parts) => parts.join('/'));
  const query = queryOf(Object.entries({ page: '1', pageSize: '20', ...input.query }));
  return fc.record({
    credential: fc.constantFrom(...Object.keys(target.credentials)),
    request: fc
      .record({ path, query, body, contentType, extra: extraHeaders })
      .map(({ path: target_, query: search, body: bytes, contentType: type, extra }) => ({
        method,
        path: `${target_}${search}`,
        headers: { ...(bytes === undefined || type === undefined ? {} : { 'content-type': type }), ...extra },
        body: bytes,
      })),
  });
}

/** A well-formed request for each of a route's fields and parameters with each hostile value, everything else being valid. */
function* singleMutations(route: string, input: RouteInput, target: FuzzTarget): Generator<FuzzRequest> {
  const [method = '', pattern = ''] = route.split(' ');
  const query = { ...(method === 'GET' ? { page: '1', pageSize: '20' } : {}), ...input.query };
  const fields = Object.entries(input.body ?? {}).map(([name, valid]) => [name, JSON.stringify(valid)] as const);
  const validPath = (): string[] =>
    pattern.split('/').map((part) => (part.startsWith(':') ? target.existing(part.slice(1), pattern) : part));
  const requestOf = (path: string, search: string, members: readonly (readonly [string, string])[]): FuzzRequest => ({
    method,
    path: path + search,
    headers: fields.length === 0 ? {} : { 'content-type': 'application/json' },
    body:
      fields.length === 0 ? undefined : Buffer.from(`{${members.map(([name, token]) => `${JSON.stringify(name)}:${token}`).join(',')}}`),
  });
  for (const [index, part] of pattern.split('/').entries())
    if (part.startsWith(':'))
      for (const hostile of partsFor(route.length + index).filter((text) => /^[\x21-\x7e]+$/.test(text)))
        yield requestOf(validPath().with(index, hostile).join('/'), '', fields);
  for (const [index, name] of Object.keys(query).entries())
    for (const hostile of partsFor(route.length + index)) yield requestOf(validPath().join('/'), `?${name}=${hostile}`, fields);
  for (const [index, [name]] of fields.entries())
    for (const token of tokensFor(route.length + index)) yield requestOf(validPath().join('/'), '', fields.with(index, [name, token]));
}

/** Sends a request and returns what is wrong with the answer. */
async function findFault(target: FuzzTarget, request: FuzzRequest, credential: string): Promise<string | undefined> {
  const headers = { ...(await target.credentials[credential]?.()), ...request.headers };
  const answer = await sendRequest(target.port, { ...request, headers });
  target.answered(request, answer.status);
  const fault = faultOf(answer);
  if (fault === undefined) return undefined;
  const sent = `${request.method} ${request.path.slice(0, 300)} ${request.body?.toString().slice(0, 300) ?? ''}`;
  return `${fault}: ${answer.status} ${answer.text.slice(0, 300)} to ${sent} with ${credential}`;
}

/** Tries a route with one hostile value at a time, then with many. @throws what was found */
export async function fuzzRoute(route: string, input: RouteInput, target: FuzzTarget): Promise<void> {
  const faults: string[] = [];
  let count = 0;
  for (const request of singleMutations(route, input, target)) {
    const credential = target.privileged[count++ % target.privileged.length] ?? '';
    const fault = await findFault(target, request, credential);
    if (fault !== undefined) faults.push(fault);
  }
  if (faults.length > 0) throw new Error(`${faults.length} of ${count} requests met a fault:\n${faults.slice(0, 5).join('\n')}`);
  await runProperty(
    fc.asyncProperty(requestsTo(route, input, target), async ({ request, credential }) => {
      const fault = await findFault(target, request, credential);
      if (fault !== undefined) throw new Error(fault);
    }),
  );
}

function faultOf({ status, headers, text }: FuzzAnswer): string | undefined {
  if (status >= 500) return 'a fault of ours';
  if (status < 400) return undefined;
  const { error } = JSON.parse(text) as { error?: { code: string; message: string; requestId: string } };
  if (error === undefined || !knownCodes.includes(error.code) || error.message === '') return 'an error of another form';
  if (headers['x-authsome-request-id'] !== error.requestId) return 'another request id';
  return undefined;
}

function partOf(existing: () => string): Arbitrary<string> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined).map(existing) },
    { weight: 2, arbitrary: hostilePart.map((part) => part.replaceAll(/[^\x21-\x7e]/g, '')) },
  );
}

function queryOf(parameters: [string, string][]): Arbitrary<string> {
  const parameter = fc.tuple(
    fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...parameters.map(([name]) => name)) }, { weight: 1, arbitrary: hostilePart }),
    fc.oneof({ weight: 1, arbitrary: fc.constantFrom(...parameters.map(([, valid]) => valid)) }, { weight: 2, arbitrary: hostilePart }),
  );
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant('') },
    { weight: 2, arbitrary: fc.array(parameter, { maxLength: 3 }).map((pairs) => `?${pairs.map((pair) => pair.join('=')).join('&')}`) },
  );
}

const extraHeaders: Arbitrary<Record<string, string>> = fc.oneof(
  { weight: 5, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom(
          ...['x-authsome-request-id', 'x-session-token', 'authorization', 'user-agent', 'x-forwarded-for', 'origin', 'accept'],
          ...[
            'content-encoding',
            'last-event-id',
            'traceparent',
            'accept-language',
            'if-none-match',
            'cookie',
            'access-control-request-method',
          ],
        ),
        hostileHeader,
      )
      .map(([name, text]) => ({ [name]: text })),
  },
);
