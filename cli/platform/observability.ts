import { totalmem } from 'node:os';
import { publishedImages } from '../../platform/observability/published-images.ts';
import { runCommand } from '../../toolchain/tools/run-command.ts';

export type ObservabilityChoice = 'on' | 'off' | 'auto';

/** Bytes of memory from which Prometheus, Alertmanager and Jaeger fit beside the rest of a local platform. */
const memoryNeeded = 6 * 1024 ** 3;
const registryTimeoutMs = 15_000;

/**
 * Whether the local platform observes itself: AUTHSOME_OBSERVABILITY is `on`, `off` or `auto`, which is the default and looks at the memory.
 *
 * @throws Error for any other word
 */
export function wantsObservability(env: NodeJS.ProcessEnv, memory = totalmem()): boolean {
  const choice = env['AUTHSOME_OBSERVABILITY'] || 'auto';
  if (!isChoice(choice)) throw new Error(`AUTHSOME_OBSERVABILITY must be on, off or auto, not ${choice}`);
  return choice === 'auto' ? memory >= memoryNeeded : choice === 'on';
}

/**
 * Grafana, Loki and the collector of logs are not built here: a local cluster pulls what they publish, where their registry answers.
 *
 * @returns their references by name; none, and a line that says so, where it doesn't
 */
export async function findPublishedImages(say: (line: string) => void): Promise<Record<string, string>> {
  const { grafana, loki, 'log-collector': collector } = publishedImages;
  const answers = await runCommand('skopeo', ['inspect', '--raw', `docker://${grafana}`], { timeout: registryTimeoutMs }).then(
    () => true,
    () => false,
  );
  if (answers) return { grafana, loki, 'log-collector': collector };
  say(`left out: Grafana, Loki and the collector of logs, whose images can't be pulled here (${grafana})`);
  return {};
}

function isChoice(value: string): value is ObservabilityChoice {
  return value === 'on' || value === 'off' || value === 'auto';
}
