import { z } from 'zod';
import type { PlannedResource } from '../planned-resource.ts';
import { violation } from './policy.ts';
import type { Policy } from './policy.ts';

/** What only operators call, from inside the cluster. */
const privatePaths = ['/operator', '/metrics'];
const privateServices = ['provisioner', 'postgres', 'tenants-postgres', 'redis', 'nats'];

const ingressSchema = z.object({
  spec: z.object({
    defaultBackend: z.unknown().optional(),
    rules: z
      .array(
        z.object({
          http: z.object({
            paths: z.array(
              z.object({
                path: z.string().default('/'),
                pathType: z.string(),
                backend: z.object({ service: z.object({ name: z.string() }) }),
              }),
            ),
          }),
        }),
      )
      .default([]),
  }),
});

const routeSchema = z.object({
  spec: z.object({
    rules: z
      .array(
        z.object({
          matches: z
            .array(z.object({ path: z.object({ type: z.string().default('PathPrefix'), value: z.string().default('/') }).prefault({}) }))
            .default([{ path: { type: 'PathPrefix', value: '/' } }]),
          backendRefs: z.array(z.object({ name: z.string() })).default([]),
        }),
      )
      .default([]),
  }),
});

interface OpenPath {
  path: string;
  prefix: boolean;
  service: string;
}

/** The operator's API and what servers tell of themselves are for inside: no way in from the internet leads there. */
export const operatorPaths: Policy = {
  name: 'operator-paths',
  rule: "No Ingress or HTTPRoute leads to the operator's API, to metrics, or to a server that is not meant for the public.",
  check: (plan) =>
    plan.flatMap((resource) => openPaths(resource).flatMap((open) => problems(open).map((text) => violation(resource, text)))),
};

function openPaths({ type, after }: PlannedResource): OpenPath[] {
  if (after === undefined) return [];
  if (type === 'kubernetes:networking.k8s.io/v1:Ingress') {
    const { spec } = ingressSchema.parse(after);
    const rest = spec.defaultBackend === undefined ? [] : [{ path: '/', prefix: true, service: 'control-api' }];
    const rules = spec.rules.flatMap(({ http }) => http.paths);
    return [
      ...rest,
      ...rules.map(({ path, pathType, backend }) => ({ path, prefix: pathType !== 'Exact', service: backend.service.name })),
    ];
  }
  if (!type.endsWith(':HTTPRoute')) return [];
  return routeSchema
    .parse(after)
    .spec.rules.flatMap(({ matches, backendRefs }) =>
      matches.flatMap(({ path }) => backendRefs.map(({ name }) => ({ path: path.value, prefix: path.type !== 'Exact', service: name }))),
    );
}

function problems({ path, prefix, service }: OpenPath): string[] {
  if (privateServices.includes(service)) return [`${path} leads to ${service}`];
  // The proxy has one kind of path of its own and no operator's.
  const asked = service === 'control-api' ? privatePaths : ['/metrics'];
  return asked.filter((secret) => covers(path, prefix, secret)).map((secret) => `${path} of ${service} opens ${secret}`);
}

function covers(path: string, prefix: boolean, secret: string): boolean {
  const start = path.replace(/(?<!\/)\/+$/, '');
  return path === secret || path.startsWith(`${secret}/`) || (prefix && (start === '' || secret.startsWith(`${start}/`)));
}
