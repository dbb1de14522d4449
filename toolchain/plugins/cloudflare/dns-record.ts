import type { DnsRecordArgs, DnsRecordState, types } from '@pulumi/cloudflare';
import type { RecordCreateParams, RecordListParams, RecordUpdateParams } from 'cloudflare/resources/dns/records';
import type { CheckFailure, PropertySchema } from '../shared/property-schema.ts';
import type { OperationContext, ResourceType, State } from '../shared/resource-provider.ts';
import { text } from '../shared/wire-values.ts';
import type { Properties } from '../shared/wire-values.ts';
import { fromApi, toApi } from './api-names.ts';
import { callApi, callApiForObject, CloudflareApiError } from './call-api.ts';
import type { CloudflareClient } from './create-client.ts';
import { checkId, splitImportId } from './zone-id.ts';

const notHere = 'is not supported by the air-gapped plugin; the official plugin has it';

const settings = {
  flattenCname: { type: 'boolean', default: false },
  ipv4Only: { type: 'boolean', default: false },
  ipv6Only: { type: 'boolean', default: false },
} satisfies Record<keyof types.input.DnsRecordSettings, PropertySchema>;

const body = {
  name: { type: 'string', required: true },
  type: { type: 'string', required: true },
  ttl: { type: 'number', required: true, min: 1, max: 86_400 },
  content: { type: 'string' },
  proxied: { type: 'boolean', default: false },
  comment: { type: 'string' },
  tags: { type: 'strings', computed: true },
  priority: { type: 'number', min: 0, max: 65_535 },
  privateRouting: { type: 'boolean', computed: true },
  settings: { type: 'object', properties: settings, computed: true },
} satisfies Partial<Record<keyof DnsRecordArgs, PropertySchema>>;

const inputs = {
  zoneId: { type: 'string', required: true, replaces: true },
  ...body,
  data: { type: 'map', unsupported: notHere },
  includeShadowMetadata: { type: 'boolean', unsupported: notHere },
} satisfies Record<keyof DnsRecordArgs, PropertySchema>;

const outputs = {
  commentModifiedOn: { type: 'string' },
  createdOn: { type: 'string' },
  meta: { type: 'string' },
  modifiedOn: { type: 'string' },
  proxiable: { type: 'boolean' },
  tagsModifiedOn: { type: 'string' },
} satisfies Record<Exclude<keyof DnsRecordState, keyof DnsRecordArgs>, PropertySchema>;

/** `cloudflare.DnsRecord`. An identical record that a crashed create left behind is adopted. */
export const dnsRecord: ResourceType<CloudflareClient> = {
  token: 'cloudflare:index/dnsRecord:DnsRecord',
  inputs,
  outputs,
  checkRules: (properties) => [...checkId('zoneId', properties['zoneId']), ...checkTtl(properties)],
  importId: (id) => {
    const [zoneId = '', recordId = ''] = splitImportId(id, '<zone_id>/<dns_record_id>');
    return { id: recordId, state: { zoneId } };
  },
  create: async (client, properties, context) => {
    const answer = await createOrAdopt({ client, properties, context });
    return { id: answer.id, state: stateOf(properties, answer) };
  },
  read: async (client, id, state, context) => {
    const answer = await callApiForObject({
      what: `read the DNS record ${id}`,
      context,
      send: (options) => client.records.get(id, { zone_id: text(state['zoneId']) }, options),
    });
    return answer && { zoneId: state['zoneId'], ...readState(state, answer) };
  },
  update: async (client, id, _olds, properties, context) => stateOf(properties, await overwrite({ client, properties, context }, id)),
  delete: async (client, id, state, context) => {
    await callApiForObject({
      what: `delete the DNS record ${text(state['name'])}`,
      context,
      send: (options) => client.records.delete(id, { zone_id: text(state['zoneId']) }, options),
    });
  },
};

interface RecordCall {
  client: CloudflareClient;
  properties: Properties;
  context: OperationContext;
}

type RecordAnswer = Awaited<ReturnType<CloudflareClient['records']['create']>>;

/** "An identical record already exists." */
const identicalRecord = 81_058;

async function createOrAdopt(call: RecordCall): Promise<RecordAnswer> {
  const { client, properties, context } = call;
  const what = `create the DNS record ${text(properties['name'])}`;
  const zone_id = text(properties['zoneId']);
  try {
    const params = { zone_id, ...toApi(body, properties) } as unknown as RecordCreateParams;
    return await callApi({ what, context, send: (options) => client.records.create(params, options) });
  } catch (error) {
    if (!(error instanceof CloudflareApiError) || !error.codes.includes(identicalRecord)) throw error;
    const sameRecord = {
      zone_id,
      type: text(properties['type']),
      name: { exact: text(properties['name']) },
      content: { exact: text(properties['content']) },
    } as RecordListParams;
    const { result } = await callApi({ what, context, send: (options) => client.records.list(sameRecord, options) });
    const [existing] = result ?? [];
    if (existing === undefined) throw error;
    return overwrite(call, existing.id);
  }
}

function overwrite({ client, properties, context }: RecordCall, id: string): Promise<RecordAnswer> {
  const params = { zone_id: text(properties['zoneId']), ...toApi(body, properties) } as unknown as RecordUpdateParams;
  return callApi({
    what: `change the DNS record ${text(properties['name'])}`,
    context,
    send: (options) => client.records.update(id, params, options),
  });
}

function stateOf(properties: Properties, answer: RecordAnswer): State {
  return { ...readState(properties, answer), zoneId: properties['zoneId'] };
}

/** The API completes names with the zone's and writes host names in lower case: neither is a change. */
function readState(known: Properties, answer: RecordAnswer): State {
  const found = fromApi({ ...body, ...outputs }, answer);
  const [name, content] = [text(known['name']), text(known['content'])];
  const isSameName = name === '@' || text(found['name']).toLowerCase().startsWith(`${name.toLowerCase()}.`);
  return {
    ...found,
    ...(name !== '' && isSameName && { name }),
    ...(content !== '' && content.toLowerCase() === text(found['content']) && { content }),
    ...(found['meta'] !== undefined && { meta: JSON.stringify(found['meta']) }),
  };
}

function checkTtl({ proxied, ttl }: Properties): CheckFailure[] {
  if (typeof ttl !== 'number' || ttl === 1) return [];
  if (proxied === true) return [{ property: 'ttl', reason: 'must be 1 (automatic) where the record is proxied' }];
  return ttl < 30 ? [{ property: 'ttl', reason: 'must be 1 (automatic) or at least 30' }] : [];
}
