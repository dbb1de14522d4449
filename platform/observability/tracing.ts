import type { PlatformInputs } from '../load-settings.ts';
import type { PlatformSettings } from '../settings.ts';
import { jaegerPorts } from './jaeger-configuration.ts';

export type TracingTarget = NonNullable<PlatformSettings['tenants']['tracing']>;

/** Where traces go: the platform's own Jaeger where it is deployed. */
export function tracingTarget({ settings, images }: Pick<PlatformInputs, 'settings' | 'images'>): TracingTarget | undefined {
  if (settings.observability === undefined || images.jaeger === undefined) return undefined;
  const { namespace } = settings;
  return { endpoint: `http://jaeger.${namespace}.svc.cluster.local:${jaegerPorts.otlp}`, namespace, app: 'jaeger', port: jaegerPorts.otlp };
}

/** The variables of a service that sends its traces there; none where there is no target. */
export function tracingEnvironment(inputs: Pick<PlatformInputs, 'settings' | 'images'>): Record<string, string> {
  const target = tracingTarget(inputs);
  if (target === undefined) return {};
  return { OTEL_EXPORTER_OTLP_ENDPOINT: target.endpoint, OTEL_TRACES_SAMPLER_ARG: String(inputs.settings.observability?.sampling ?? 1) };
}
