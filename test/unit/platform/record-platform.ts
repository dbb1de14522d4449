import * as pulumi from '@pulumi/pulumi';

export interface RecordedResource {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

const images = Object.fromEntries(
  ['control-api', 'provisioner', 'proxy', 'instance', 'postgres', 'redis', 'nats'].map((name) => [name, `registry.example.com/${name}:1`]),
);

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
          : {};
        return { id: id ?? name, state: { ...recorded.inputs, ...generated } };
      },
      call: ({ inputs }) => inputs as Record<string, unknown>,
    },
    'authsome-cloud',
    'test',
  );
  pulumi.runtime.setAllConfig({ 'authsome:images': JSON.stringify(images), ...config });
  await import('../../../platform/index.ts');
  await pulumi.runtime.disconnect();
  return resources;
}
