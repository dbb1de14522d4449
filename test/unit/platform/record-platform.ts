import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { platformImagesSchema } from '../../../platform/settings.ts';
import { readTenantSettings } from '../../../services/provisioner/tenant-settings.ts';
import type { TenantSettings } from '../../../services/provisioner/tenant-settings.ts';

export interface RecordedResource {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

const images = Object.fromEntries(Object.keys(platformImagesSchema.shape).map((name) => [name, `registry.example.com/${name}:1`]));

const generatedByEdge: Record<string, object> = {
  'tls:index/privateKey:PrivateKey': { privateKeyPem: 'generated-key' },
  'tls:index/certRequest:CertRequest': { certRequestPem: 'generated-request' },
  'cloudflare:index/originCaCertificate:OriginCaCertificate': { certificate: 'generated-certificate' },
};

/** Runs the platform program against mocks, and returns the resources it declares. Once a process: the program is a module. */
export async function recordPlatform(config: Record<string, string>): Promise<RecordedResource[]> {
  const resources: RecordedResource[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource({ type, name, inputs, id }) {
        const recorded = { type, name, inputs: inputs as Record<string, unknown> };
        resources.push(recorded);
        const generated = type.startsWith('random:')
          ? { result: `generated-${name}`, b64Std: 'a2V5', hex: '00', dec: '0', b64Url: 'a2V5' }
          : { ...generatedByEdge[type] };
        return { id: id ?? name, state: { ...recorded.inputs, ...generated } };
      },
      call: ({ inputs }) => inputs as Record<string, unknown>,
    },
    'authsome-cloud',
    'test',
  );
  pulumi.runtime.setAllConfig({ 'authsome:images': JSON.stringify(images), ...config, ...edgeConfig(config) });
  await import('../../../platform/index.ts');
  await pulumi.runtime.disconnect();
  return resources;
}

/** The inputs of one Kubernetes object, with secrets opened, by kind and name: `Deployment/proxy`; undefined where there is none. */
export function inputsOf(resources: readonly RecordedResource[], kindAndName: string): unknown {
  const [kind, name] = kindAndName.split('/');
  const found = resources.find(
    (resource) => resource.type.startsWith('kubernetes:') && resource.type.endsWith(`:${kind}`) && resource.name === name,
  );
  return secretValue(found?.inputs);
}

export const testEdge = { zoneId: '023e105f4ecef8ad9ca31a8372d0c353', origin: '203.0.113.10' };

/** What an operator has to say where a profile has Cloudflare in front of it. */
function edgeConfig(config: Record<string, string>): Record<string, string> {
  if (config['authsome:profile'] === 'local') return {};
  const settings = JSON.parse(config['authsome:settings'] ?? '{}') as { edge?: object };
  return {
    'authsome:settings': JSON.stringify({ ...settings, edge: { ...testEdge, ...settings.edge } }),
    'cloudflare:apiToken': config['cloudflare:apiToken'] ?? 'test-token',
  };
}

/** The settings of tenants as the provisioner reads them from the file that the platform gives it. */
export async function tenantSettingsOf(resources: readonly RecordedResource[]): Promise<TenantSettings> {
  const secret = resources.find(({ type, name }) => type === 'kubernetes:core/v1:Secret' && name === 'provisioner-files');
  const { stringData } = secretValue(secret?.inputs) as { stringData: Record<string, string> };
  const folder = await mkdtemp(join(tmpdir(), 'platform-'));
  try {
    const file = join(folder, 'tenant-settings.json');
    await writeFile(file, stringData['tenant-settings.json'] ?? '');
    return await readTenantSettings(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Secrets go over the wire in an envelope with this key (the Pulumi protocol's signature). */
const envelopeKey = '4dabf18193072939515e22adb298388d';

/** A resource's inputs with its secrets laid open. */
export function secretValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (envelopeKey in value) return secretValue((value as { value?: unknown }).value);
  if (Array.isArray(value)) return value.map(secretValue);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, secretValue(item)]));
}
