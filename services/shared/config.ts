import { z } from 'zod';

/** Every bad variable of a process's environment at once, by name; a value never appears, it may be a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly { variable: string; reason: string }[];

  constructor(problems: readonly { variable: string; reason: string }[]) {
    super(`Bad configuration:\n${problems.map(({ variable, reason }) => `  ${variable}: ${reason}`).join('\n')}`);
    this.problems = problems;
  }
}

/**
 * Parses a process's environment once. An empty variable counts as absent, as in most orchestrators' manifests.
 *
 * @throws ConfigError that lists every bad variable by name
 */
export function parseConfig<S extends z.ZodObject>(schema: S, env: Readonly<Record<string, string | undefined>>): Readonly<z.output<S>> {
  const given = Object.fromEntries(
    Object.keys(schema.shape).map((variable) => [variable, env[variable] === '' ? undefined : env[variable]]),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return Object.freeze(parsed.data);
  throw new ConfigError(
    parsed.error.issues.map((issue) => ({
      variable: String(issue.path[0] ?? '(environment)'),
      reason: reasonWithoutValue(issue, given[String(issue.path[0])] === undefined),
    })),
  );
}

/** The variables that every service has. */
export const commonConfig = {
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  REGION: z
    .string()
    .regex(/^[a-z]{2}-[a-z]+-\d$/, 'must look like us-east-1')
    .default('us-east-1'),
};

/** Of those that Prometheus scrapes. */
export const metricsConfig = { METRICS_PORT: z.coerce.number().int().min(0).max(65_535).default(9464) };

/** A comma-separated list, blanks around its items ignored. */
export const commaList = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

/** A connection URL of one of these schemes. */
export const connectionUrl = (...schemes: string[]) =>
  z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol.slice(0, -1)), {
    error: `must be a URL with the scheme ${schemes.join(' or ')}`,
  });

/** 32 bytes in base64: the AES-256 key of secret-box.ts. */
export const base64Key = z.string().refine((text) => Buffer.from(text, 'base64').length === 32, { error: 'must be 32 bytes in base64' });

// zod's own messages name the expected form, but "Invalid option" and custom checks could be written to quote the input: they are not in
// this repository, and the test on config asserts it.
function reasonWithoutValue(issue: { message: string }, missing: boolean): string {
  return missing ? 'is missing' : issue.message;
}
