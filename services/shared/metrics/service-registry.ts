import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { runChecks } from './run-checks.ts';
import type { Checks } from './run-checks.ts';

/** A registry of one process, with what Node tells of itself. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** `authsome_dependency_up{dependency}`: 1 or 0, asked at each scrape, so that an outage is seen even where nothing is asked of the service. */
export function registerDependencies(registry: Registry, checks: Checks): void {
  new Gauge({
    name: 'authsome_dependency_up',
    help: 'Whether a server that this process depends on answers: 1 or 0.',
    labelNames: ['dependency'],
    registers: [registry],
    async collect() {
      for (const [dependency, result] of Object.entries(await runChecks(checks))) this.set({ dependency }, result === 'ok' ? 1 : 0);
    },
  });
}

/** `authsome_leader{leads}`: 1 in the one process that leads, 0 in the others. Its sum over all is 1, or something leads nothing. */
export function createLeaderGauge(registry: Registry, leads: string): (leading: boolean) => void {
  const gauge = new Gauge({
    name: 'authsome_leader',
    help: 'Whether this process leads what one process does for all: 1 or 0.',
    labelNames: ['leads'],
    registers: [registry],
  });
  const tell = (leading: boolean): void => gauge.set({ leads }, leading ? 1 : 0);
  tell(false);
  return tell;
}
