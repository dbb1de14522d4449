import type { AuthenticatedOriginPullsSettingsArgs, AuthenticatedOriginPullsSettingsState } from '@pulumi/cloudflare';
import type { PropertySchema } from '../shared/property-schema.ts';
import type { OperationContext, ResourceType, State } from '../shared/resource-provider.ts';
import { text } from '../shared/wire-values.ts';
import type { Properties } from '../shared/wire-values.ts';
import { callApi, callApiForObject } from './call-api.ts';
import type { CloudflareClient } from './create-client.ts';
import { checkId } from './zone-id.ts';

const inputs = {
  zoneId: { type: 'string', required: true, replaces: true },
  enabled: { type: 'boolean', required: true },
} satisfies Record<keyof AuthenticatedOriginPullsSettingsArgs, PropertySchema>;

const outputs = {} satisfies Record<
  Exclude<keyof AuthenticatedOriginPullsSettingsState, keyof AuthenticatedOriginPullsSettingsArgs>,
  PropertySchema
>;

/** `cloudflare.AuthenticatedOriginPullsSettings`, whose id is the zone's. As with other settings, to delete it leaves it as it is. */
export const originPullsSettings: ResourceType<CloudflareClient> = {
  token: 'cloudflare:index/authenticatedOriginPullsSettings:AuthenticatedOriginPullsSettings',
  inputs,
  outputs,
  identity: ['zoneId'],
  checkRules: ({ zoneId }) => checkId('zoneId', zoneId),
  importId: (id) => ({ id, state: { zoneId: id } }),
  create: async (client, properties, context) => ({
    id: text(properties['zoneId']),
    state: await put({ client, properties, context }),
  }),
  read: async (client, id, _state, context) => {
    const answer = await callApiForObject({
      what: 'read the setting of authenticated origin pulls',
      context,
      send: (options) => client.originPulls.get({ zone_id: id }, options),
    });
    return answer && { zoneId: id, enabled: answer.enabled };
  },
  update: (client, _id, _olds, properties, context) => put({ client, properties, context }),
  delete: () => Promise.resolve(),
};

interface Put {
  client: CloudflareClient;
  properties: Properties;
  context: OperationContext;
}

async function put({ client, properties, context }: Put): Promise<State> {
  await callApi({
    what: 'change the setting of authenticated origin pulls',
    context,
    send: (options) => client.originPulls.update({ zone_id: text(properties['zoneId']), enabled: properties['enabled'] === true }, options),
  });
  return properties;
}
