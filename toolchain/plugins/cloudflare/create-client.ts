import { createClient as createSdkClient } from 'cloudflare/tree-shakable';
import { BaseRecords } from 'cloudflare/resources/dns/records';
import { BaseOriginCACertificates } from 'cloudflare/resources/origin-ca-certificates/origin-ca-certificates';
import { BaseSettings as BaseOriginPullsSettings } from 'cloudflare/resources/origin-tls-client-auth/settings';
import type { BasePhases } from 'cloudflare/resources/rulesets/phases/phases';
import { Rulesets } from 'cloudflare/resources/rulesets/rulesets';
import type { BaseRulesets } from 'cloudflare/resources/rulesets/rulesets';
import { BaseSettings as BaseZoneSettings } from 'cloudflare/resources/zones/settings';
import type { ApiAccess } from './api-access.ts';

/** Cloudflare's official client, with what this plugin asks of it: the whole one is 60 times as large. */
export interface CloudflareClient {
  records: BaseRecords;
  zoneSettings: BaseZoneSettings;
  rulesets: BaseRulesets;
  phases: BasePhases;
  certificates: BaseOriginCACertificates;
  originPulls: BaseOriginPullsSettings;
}

const requestTimeoutMs = 30_000;
/** The SDK tries again what answered 408, 409, 429 or 5xx, or nothing: after 0.5, 1, 2 and 4 s, or when the API says so. */
const maxRetries = 4;
/** Cloudflare's limit of 1,200 requests lasts for 5 minutes. An operation that waited so long would look like one that hangs. */
const longestRetryAfterSeconds = 60;

export function createClient(access: ApiAccess): CloudflareClient {
  const sdk = createSdkClient({
    apiToken: access.apiToken,
    apiKey: access.apiKey,
    apiEmail: access.email,
    userServiceKey: access.userServiceKey,
    baseURL: access.baseUrl,
    timeout: requestTimeoutMs,
    maxRetries,
    fetch: fetchWithBoundedRetries,
    // The engine reads the plugin's standard output.
    logLevel: 'off',
    ...(access.userAgentSuffix !== '' && { defaultHeaders: { 'User-Agent': `authsome-cloudflare-plugin ${access.userAgentSuffix}` } }),
    resources: [BaseRecords, BaseZoneSettings, Rulesets, BaseOriginCACertificates, BaseOriginPullsSettings],
  });
  return {
    records: sdk.dns.records,
    zoneSettings: sdk.zones.settings,
    rulesets: sdk.rulesets,
    phases: sdk.rulesets.phases,
    certificates: sdk.originCACertificates,
    originPulls: sdk.originTLSClientAuth.settings,
  };
}

/** The SDK waits for as long as a server asks it to. */
async function fetchWithBoundedRetries(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init);
  const retryAfter = response.headers.get('retry-after');
  if (retryAfter === null) return response;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1_000;
  if (seconds <= longestRetryAfterSeconds) return response;
  const headers = new Headers(response.headers);
  headers.set('x-should-retry', 'false');
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
