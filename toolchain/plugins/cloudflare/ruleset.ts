import type { RulesetArgs, RulesetState } from '@pulumi/cloudflare';
import type { RulesetCreateParams, RulesetGetResponse, RulesetUpdateParams } from 'cloudflare/resources/rulesets/rulesets';
import type { CheckFailure, PropertySchema } from '../shared/property-schema.ts';
import type { OperationContext, ResourceType, State } from '../shared/resource-provider.ts';
import { text } from '../shared/wire-values.ts';
import type { Properties } from '../shared/wire-values.ts';
import { fromApi, toApi } from './api-names.ts';
import { callApi, callApiForObject, CloudflareApiError } from './call-api.ts';
import type { CloudflareClient } from './create-client.ts';
import { keepRefs } from './keep-refs.ts';
import { kinds, phases, rule } from './ruleset-schema.ts';
import { checkId, splitImportId } from './zone-id.ts';

const body = {
  kind: { type: 'string', required: true, replaces: true, values: kinds },
  name: { type: 'string', required: true, replaces: true },
  phase: { type: 'string', required: true, replaces: true, values: phases },
  description: { type: 'string', default: '' },
  rules: { type: 'objects', properties: rule, default: [] },
} satisfies Partial<Record<keyof RulesetArgs, PropertySchema>>;

const inputs = {
  zoneId: { type: 'string', replaces: true },
  accountId: { type: 'string', replaces: true },
  ...body,
} satisfies Record<keyof RulesetArgs, PropertySchema>;

const outputs = {
  lastUpdated: { type: 'string' },
  version: { type: 'string' },
} satisfies Record<Exclude<keyof RulesetState, keyof RulesetArgs>, PropertySchema>;

/** `cloudflare.Ruleset`. A zone has one of kind `zone` for each phase, its entry point. */
export const ruleset: ResourceType<CloudflareClient> = {
  token: 'cloudflare:index/ruleset:Ruleset',
  inputs,
  outputs,
  identity: ['zoneId', 'accountId', 'phase'],
  checkRules,
  importId: (id) => {
    const [scope, scopeId = '', rulesetId = ''] = splitImportId(id, '<zones|accounts>/<id>/<ruleset_id>');
    if (scope !== 'zones' && scope !== 'accounts') throw new Error('the id to import must begin with zones/ or accounts/');
    return { id: rulesetId, state: { [scope === 'zones' ? 'zoneId' : 'accountId']: scopeId } };
  },
  create: async (client, properties, context) => createOrAdopt({ client, properties, context }),
  read: async (client, id, state, context) => {
    const answer = await callApiForObject({
      what: `read the ruleset ${id}`,
      context,
      send: (options) => client.rulesets.get(id, scopeOf(state), options),
    });
    return answer && { zoneId: state['zoneId'], accountId: state['accountId'], ...fromApi({ ...body, ...outputs }, answer) };
  },
  update: (client, id, olds, properties, context) =>
    put({ client, properties: { ...properties, rules: keepRefs(olds['rules'], properties['rules']) }, context }, id),
  delete: async (client, id, state, context) => {
    await callApiForObject({
      what: `delete the ruleset ${text(state['name'])}`,
      context,
      send: (options) => client.rulesets.delete(id, scopeOf(state), options),
    });
  },
};

interface RulesetCall {
  client: CloudflareClient;
  properties: Properties;
  context: OperationContext;
}

async function createOrAdopt(call: RulesetCall): Promise<{ id: string; state: State }> {
  const { client, properties, context } = call;
  const params = { ...scopeOf(properties), ...toApi(body, properties) } as unknown as RulesetCreateParams;
  try {
    const answer = await callApi({
      what: `create the ruleset ${text(properties['name'])}`,
      context,
      // Without dry_run the answer is the ruleset.
      send: (options) => client.rulesets.create(params, options) as PromiseLike<RulesetGetResponse>,
    });
    return { id: answer.id, state: stateOf(properties, answer) };
  } catch (error) {
    const id = error instanceof CloudflareApiError && error.status === 400 ? await findOwn(call, error) : undefined;
    if (id === undefined) throw error;
    return { id, state: await put(call, id) };
  }
}

/**
 * The entry point that is in the way of a new one. One of the same name is what a crashed create left; another was made by hand, and
 * nobody's rules are overwritten.
 */
async function findOwn({ client, properties, context }: RulesetCall, refusal: CloudflareApiError): Promise<string | undefined> {
  if (properties['kind'] !== 'zone') return undefined;
  const phase = text(properties['phase']) as (typeof phases)[number];
  const existing = await callApiForObject({
    what: `look for the ruleset of phase ${phase}`,
    context,
    send: (options) => client.phases.get(phase, scopeOf(properties), options),
  });
  if (existing === undefined || existing.name === properties['name']) return existing?.id;
  throw new Error(
    `${refusal.message}. The zone has a ruleset of phase ${phase} already, "${existing.name}" with ${existing.rules.length} rules: delete it, ` +
      `or import it with pulumi import cloudflare:index/ruleset:Ruleset NAME zones/${text(properties['zoneId'])}/${existing.id}`,
    { cause: refusal },
  );
}

async function put({ client, properties, context }: RulesetCall, id: string): Promise<State> {
  const params = { ...scopeOf(properties), ...toApi(body, properties) } as unknown as RulesetUpdateParams;
  const answer = await callApi({
    what: `change the ruleset ${text(properties['name'])}`,
    context,
    send: (options) => client.rulesets.update(id, params, options) as PromiseLike<RulesetGetResponse>,
  });
  return stateOf(properties, answer);
}

function stateOf(properties: Properties, answer: object): State {
  return { zoneId: properties['zoneId'], accountId: properties['accountId'], ...fromApi({ ...body, ...outputs }, answer) };
}

function scopeOf({ zoneId, accountId }: Properties): { zone_id: string } | { account_id: string } {
  return accountId === undefined ? { zone_id: text(zoneId) } : { account_id: text(accountId) };
}

function checkRules({ zoneId, accountId }: Properties): CheckFailure[] {
  if ((zoneId === undefined) === (accountId === undefined))
    return [{ property: 'zoneId', reason: 'or accountId must be set, and not both' }];
  return [...checkId('zoneId', zoneId), ...checkId('accountId', accountId)];
}
