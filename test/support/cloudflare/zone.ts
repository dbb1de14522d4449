import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { certificateRequest, dnsRecord, originPulls, ruleset, zoneSettings } from './api-shapes.ts';
import type { RulesetBody } from './api-shapes.ts';
import { createOriginCa } from './origin-ca.ts';

/** An answer that refuses. A violation is a request that the API's reference does not have. */
export class ApiRefusal extends Error {
  readonly status: number;
  readonly code: number;
  readonly isViolation: boolean;

  constructor(status: number, code: number, message: string, isViolation = false) {
    super(message);
    this.status = status;
    this.code = code;
    this.isViolation = isViolation;
  }
}

export interface ZoneRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
}

type Fields = Record<string, unknown>;
type Handler = (request: ZoneRequest, ...parts: string[]) => object | undefined | Promise<object | undefined>;

export interface StoredRuleset extends Omit<RulesetBody, 'rules'> {
  id: string;
  version: string;
  last_updated: string;
  rules: (Fields & { id: string; ref: string })[];
}

export interface Zone {
  id: string;
  records: Map<string, Fields>;
  rulesets: Map<string, StoredRuleset>;
  certificates: Map<string, Fields>;
  settings: Map<string, Fields>;
  originPulls: { enabled: boolean };
  handle(request: ZoneRequest): Promise<object | undefined>;
}

const newId = (): string => randomBytes(16).toString('hex');
const now = (): string => new Date().toISOString();

/** One zone as a new one is at Cloudflare, in memory. */
export async function createZone(name = 'example.com'): Promise<Zone> {
  const ca = await createOriginCa();
  const zone: Zone = {
    id: newId(),
    records: new Map(),
    rulesets: new Map(),
    certificates: new Map(),
    settings: new Map(
      Object.entries({ ssl: 'full', min_tls_version: '1.0', tls_1_3: 'on', '0rtt': 'off', always_use_https: 'off' }).map(([id, value]) => [
        id,
        { id, value, editable: true, modified_on: null },
      ]),
    ),
    originPulls: { enabled: false },
    handle,
  };

  const routes: [method: string, path: RegExp, handler: Handler][] = [
    ['GET', /^\/dns_records$/, listRecords],
    ['POST', /^\/dns_records$/, ({ body }) => createRecord(parse(dnsRecord, body))],
    ['GET', /^\/dns_records\/([^/]+)$/, (_, id) => found(zone.records, id, 81_044, 'Record does not exist.')],
    ['PUT', /^\/dns_records\/([^/]+)$/, ({ body }, id) => overwriteRecord(id, parse(dnsRecord, body))],
    ['DELETE', /^\/dns_records\/([^/]+)$/, (_, id) => remove(zone.records, id, 81_044, 'Record does not exist.')],
    ['GET', /^\/settings\/([^/]+)$/, (_, id) => found(zone.settings, id, 1_003, 'Invalid setting name')],
    ['PATCH', /^\/settings\/([^/]+)$/, ({ body }, id) => changeSetting(id, body)],
    ['GET', /^\/origin_tls_client_auth\/settings$/, () => zone.originPulls],
    ['PUT', /^\/origin_tls_client_auth\/settings$/, ({ body }) => (zone.originPulls = parse(originPulls, body))],
    ['POST', /^\/rulesets$/, ({ body }) => createRuleset(parse(ruleset, body))],
    ['GET', /^\/rulesets\/phases\/([^/]+)\/entrypoint$/, (_, phase) => entryPoint(phase)],
    ['GET', /^\/rulesets\/([^/]+)$/, (_, id) => found(zone.rulesets, id, 10_003, 'could not find ruleset')],
    ['PUT', /^\/rulesets\/([^/]+)$/, ({ body }, id) => changeRuleset(id, parse(ruleset, body))],
    ['DELETE', /^\/rulesets\/([^/]+)$/, (_, id) => void remove(zone.rulesets, id, 10_003, 'could not find ruleset')],
  ];
  const accountRoutes: typeof routes = [
    ['POST', /^\/certificates$/, ({ body }) => createCertificate(parse(certificateRequest, body))],
    ['GET', /^\/certificates\/([^/]+)$/, (_, id) => found(zone.certificates, id, 1_101, 'Certificate not found')],
    [
      'DELETE',
      /^\/certificates\/([^/]+)$/,
      (_, id) => ({ ...remove(zone.certificates, id, 1_101, 'Certificate not found'), revoked_at: now() }),
    ],
  ];

  async function handle(request: ZoneRequest): Promise<object | undefined> {
    const inZone = /^\/zones\/([^/]+)(\/.*)$/.exec(request.path);
    if (inZone && inZone[1] !== zone.id)
      throw new ApiRefusal(404, 7_003, `Could not route to ${request.path}, perhaps your object identifier is invalid?`);
    const path = inZone?.[2] ?? request.path;
    for (const [method, pattern, handler] of inZone ? routes : accountRoutes) {
      const match = method === request.method ? pattern.exec(path) : null;
      if (match) return handler(request, ...match.slice(1));
    }
    throw new ApiRefusal(404, 7_000, 'No route for that URI', true);
  }

  function createRecord(wanted: z.output<typeof dnsRecord>): Fields {
    const fullName = wanted.name === '@' ? name : wanted.name.endsWith(name) ? wanted.name : `${wanted.name}.${name}`;
    checkTtl(wanted);
    const others = [...zone.records.values()].filter((record) => record['name'] === fullName);
    if (others.some((record) => record['type'] === wanted.type && record['content'] === wanted.content))
      throw new ApiRefusal(400, 81_058, 'An identical record already exists.');
    if (others.some((record) => record['type'] === 'CNAME' || wanted.type === 'CNAME'))
      throw new ApiRefusal(400, 81_053, 'An A, AAAA, or CNAME record with that host already exists.');
    const record = { ...recordDefaults, ...wanted, name: fullName, id: newId(), created_on: now(), modified_on: now() };
    zone.records.set(record.id, record);
    return record;
  }

  function overwriteRecord(id = '', wanted: z.output<typeof dnsRecord>): Fields {
    const old = found(zone.records, id, 81_044, 'Record does not exist.');
    checkTtl(wanted);
    const record = { ...recordDefaults, ...wanted, id, created_on: old['created_on'], modified_on: now() };
    zone.records.set(id, record);
    return record;
  }

  function listRecords({ query }: ZoneRequest): object {
    const [type, exactName, content] = ['type', 'name.exact', 'content.exact'].map((key) => query.get(key));
    return [...zone.records.values()].filter(
      (record) => record['type'] === type && record['name'] === exactName && record['content'] === content,
    );
  }

  function changeSetting(id = '', body: unknown): Fields {
    const setting = found(zone.settings, id, 1_003, 'Invalid setting name');
    const shape = zoneSettings[id];
    const { value, ...others } = body as { value?: unknown };
    if (Object.keys(others).length > 0 || shape?.safeParse(value).success !== true)
      throw new ApiRefusal(400, 1_007, `Invalid value for zone setting ${id}`, true);
    const changed = { ...setting, value, modified_on: now() };
    zone.settings.set(id, changed);
    return changed;
  }

  function createRuleset(body: RulesetBody): StoredRuleset {
    if ([...zone.rulesets.values()].some(({ phase }) => phase === body.phase))
      throw new ApiRefusal(
        400,
        20_217,
        `'zone' is not a valid value for kind because exceeded maximum number of zone rulesets for phase ${body.phase}`,
      );
    return storeRuleset(newId(), body, undefined);
  }

  function changeRuleset(id = '', body: RulesetBody): StoredRuleset {
    const old = found(zone.rulesets, id, 10_003, 'could not find ruleset');
    if (old.kind !== body.kind || old.phase !== body.phase) throw new ApiRefusal(400, 20_014, 'kind and phase can not be changed', true);
    return storeRuleset(id, body, old);
  }

  /** A rule that keeps its ref keeps its id; one without gets both anew. */
  function storeRuleset(id: string, body: RulesetBody, old: StoredRuleset | undefined): StoredRuleset {
    const version = String(Number(old?.version ?? 0) + 1);
    const rules = (body.rules ?? []).map((rule) => {
      const ruleId = old?.rules.find(({ ref }) => ref === rule.ref)?.id ?? newId();
      return { enabled: true, ...rule, id: ruleId, ref: rule.ref ?? ruleId, version: '1', last_updated: now() };
    });
    const stored = { description: '', ...body, id, version, last_updated: now(), rules };
    zone.rulesets.set(id, stored);
    return stored;
  }

  function entryPoint(phase = ''): StoredRuleset {
    const existing = [...zone.rulesets.values()].find((candidate) => candidate.phase === phase);
    if (existing) return existing;
    throw new ApiRefusal(404, 10_003, `could not find entrypoint ruleset in the ${phase} phase`);
  }

  async function createCertificate(body: z.output<typeof certificateRequest>): Promise<Fields> {
    const validityDays = body.requested_validity ?? 5_475;
    const issued = await ca.issue({ ...body, validityDays });
    if (issued === undefined) throw new ApiRefusal(400, 1_010, 'Failed to validate requested certificate signing request', true);
    if (!body.hostnames.every((host) => host.endsWith(name)))
      throw new ApiRefusal(400, 1_010, 'This zone is either not part of your account, or you do not have access to it.');
    const certificate = { ...body, requested_validity: validityDays, ...issued };
    zone.certificates.set(issued.id, certificate);
    return certificate;
  }

  return zone;
}

const recordDefaults = { proxied: false, proxiable: true, comment: null, tags: [], settings: {}, meta: {} };

function checkTtl({ proxied, ttl }: { proxied?: boolean | undefined; ttl: number }): void {
  if (proxied === true && ttl !== 1) throw new ApiRefusal(400, 9_021, 'Invalid TTL. Must be 1 for a proxied record.', true);
}

function parse<Shape extends z.ZodType>(shape: Shape, body: unknown): z.output<Shape> {
  const result = shape.safeParse(body);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new ApiRefusal(400, 10_021, `invalid JSON: ${problems}`, true);
}

function found<Item>(items: Map<string, Item>, id: string | undefined, code: number, message: string): Item {
  const item = items.get(id ?? '');
  if (item === undefined) throw new ApiRefusal(404, code, message);
  return item;
}

function remove<Item>(items: Map<string, Item>, id: string | undefined, code: number, message: string): { id: string } {
  found(items, id, code, message);
  items.delete(id ?? '');
  return { id: id ?? '' };
}
