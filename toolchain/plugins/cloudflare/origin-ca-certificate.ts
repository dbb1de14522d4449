import type { OriginCaCertificateArgs, OriginCaCertificateState } from '@pulumi/cloudflare';
import type { OriginCACertificateCreateParams } from 'cloudflare/resources/origin-ca-certificates/origin-ca-certificates';
import type { PropertySchema } from '../shared/property-schema.ts';
import type { ResourceType } from '../shared/resource-provider.ts';
import { fromApi, toApi } from './api-names.ts';
import { callApi, callApiForObject } from './call-api.ts';
import type { CloudflareClient } from './create-client.ts';

const validities = [7, 30, 90, 365, 730, 1_095, 5_475];

const inputs = {
  csr: { type: 'string', required: true, replaces: true },
  hostnames: { type: 'strings', required: true, replaces: true },
  requestType: { type: 'string', required: true, replaces: true, values: ['origin-rsa', 'origin-ecc', 'keyless-certificate'] },
  requestedValidity: { type: 'integer', default: 5_475, replaces: true },
} satisfies Record<keyof OriginCaCertificateArgs, PropertySchema>;

const outputs = {
  certificate: { type: 'string' },
  expiresOn: { type: 'string' },
} satisfies Record<Exclude<keyof OriginCaCertificateState, keyof OriginCaCertificateArgs>, PropertySchema>;

/** `cloudflare.OriginCaCertificate`: a certificate that only Cloudflare's edge trusts. Nothing of one can change; a new one is made before the old is revoked. */
export const originCaCertificate: ResourceType<CloudflareClient> = {
  token: 'cloudflare:index/originCaCertificate:OriginCaCertificate',
  inputs,
  outputs,
  checkRules: ({ requestedValidity }) =>
    typeof requestedValidity !== 'number' || validities.includes(requestedValidity)
      ? []
      : [{ property: 'requestedValidity', reason: `must be one of ${validities.join(', ')}` }],
  create: async (client, properties, context) => {
    const answer = await callApi({
      what: 'create the origin CA certificate',
      context,
      send: (options) => client.certificates.create(toApi(inputs, properties) as unknown as OriginCACertificateCreateParams, options),
    });
    return { id: answer.id ?? '', state: { ...properties, ...fromApi(outputs, answer) } };
  },
  read: async (client, id, state, context) => {
    const answer = await callApiForObject({
      what: `read the origin CA certificate ${id}`,
      context,
      send: (options) => client.certificates.get(id, options),
    });
    if (answer === undefined || isRevoked(answer)) return undefined;
    // The request is signed anew at each reading of some formats; what was asked for is what was sent.
    return { ...fromApi({ ...inputs, ...outputs }, answer), ...(state['csr'] !== undefined && { csr: state['csr'] }) };
  },
  delete: async (client, id, _state, context) => {
    await callApiForObject({
      what: `revoke the origin CA certificate ${id}`,
      context,
      send: (options) => client.certificates.delete(id, options),
    });
  },
};

/** A revoked certificate may still be shown. */
function isRevoked(answer: object): boolean {
  return 'revoked_at' in answer && typeof answer.revoked_at === 'string' && answer.revoked_at !== '';
}
