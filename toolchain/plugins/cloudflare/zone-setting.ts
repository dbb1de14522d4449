import type { ZoneSettingArgs, ZoneSettingState } from '@pulumi/cloudflare';
import type { PropertySchema } from '../shared/property-schema.ts';
import type { OperationContext, ResourceType, State } from '../shared/resource-provider.ts';
import { text } from '../shared/wire-values.ts';
import type { Properties } from '../shared/wire-values.ts';
import { fromApi, toApi } from './api-names.ts';
import { callApi, callApiForObject } from './call-api.ts';
import type { CloudflareClient } from './create-client.ts';
import { checkId, splitImportId } from './zone-id.ts';

const body = {
  value: { type: 'any', required: true },
  enabled: { type: 'boolean', computed: true },
} satisfies Partial<Record<keyof ZoneSettingArgs, PropertySchema>>;

const inputs = {
  zoneId: { type: 'string', required: true, replaces: true },
  settingId: { type: 'string', required: true, replaces: true },
  ...body,
} satisfies Record<keyof ZoneSettingArgs, PropertySchema>;

const outputs = {
  editable: { type: 'boolean' },
  modifiedOn: { type: 'string' },
  timeRemaining: { type: 'number' },
} satisfies Record<Exclude<keyof ZoneSettingState, keyof ZoneSettingArgs>, PropertySchema>;

/** `cloudflare.ZoneSetting`. Every zone has every setting: to create one is to change it, and to delete one leaves it as it is. */
export const zoneSetting: ResourceType<CloudflareClient> = {
  token: 'cloudflare:index/zoneSetting:ZoneSetting',
  inputs,
  outputs,
  identity: ['zoneId', 'settingId'],
  checkRules: ({ zoneId }) => checkId('zoneId', zoneId),
  importId: (id) => {
    const [zoneId = '', settingId = ''] = splitImportId(id, '<zone_id>/<setting_id>');
    return { id: settingId, state: { zoneId, settingId } };
  },
  create: async (client, properties, context) => ({
    id: text(properties['settingId']),
    state: await edit({ client, properties, context }),
  }),
  read: async (client, id, state, context) => {
    const answer = await callApiForObject({
      what: `read the zone setting ${id}`,
      context,
      send: (options) => client.zoneSettings.get(id, { zone_id: text(state['zoneId']) }, options),
    });
    return answer && { ...state, settingId: id, ...fromApi({ ...body, ...outputs }, answer) };
  },
  update: async (client, _id, _olds, properties, context) => edit({ client, properties, context }),
  delete: () => Promise.resolve(),
};

interface Edit {
  client: CloudflareClient;
  properties: Properties;
  context: OperationContext;
}

async function edit({ client, properties, context }: Edit): Promise<State> {
  const settingId = text(properties['settingId']);
  const params = { zone_id: text(properties['zoneId']), ...toApi(body, properties) };
  const answer = await callApi({
    what: `change the zone setting ${settingId}`,
    context,
    send: (options) => client.zoneSettings.edit(settingId, params, options),
  });
  return { ...properties, ...fromApi(outputs, answer) };
}
