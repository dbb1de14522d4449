import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { decodeUtf8 } from '../../domain/decode-text.ts';
import { slugFrom } from '../../domain/slug.ts';
import { waitUntilActive } from '../application-readiness.ts';
import type { CliContext } from '../context.ts';
import { ControlApiError } from '../control-client.ts';
import { ownerClient } from '../owner.ts';
import { platformUrls } from '../platform/platform-urls.ts';
import { printJson, printTable, secondsBetween } from '../print.ts';

export interface CreateTenantOptions {
  slug?: string;
  environment: string;
  region?: string;
  /** Wait until it is active. */
  wait: boolean;
}

export async function createTenant(context: CliContext, name: string, options: CreateTenantOptions): Promise<void> {
  const { client, workspaceId } = await ownerClient(context, platformUrls(context).control);
  const slug = options.slug ?? tenantSlug(name);
  const region = options.region === undefined ? {} : { region: options.region };
  const created = await client
    .createApplication(workspaceId, { name, slug, environment: options.environment, ...region })
    .catch((error: unknown) => {
      const isDerived = options.slug === undefined && error instanceof ControlApiError && error.field === 'slug';
      throw isDerived ? new Error(`${error.message}. The slug '${slug}' was made from the name: give another one with --slug`) : error;
    });
  const application = options.wait ? { ...created, ...(await waitUntilActive(client, created.id, () => undefined)) } : created;
  if (context.json) return printJson(application);
  printTable(
    ['', ''],
    [
      ['id', application.id],
      ['status', application.status],
      ['url', application.url],
      ['public key', application.publicKey],
      ['secret key', `${application.secretKey}  (shown this once)`],
    ],
  );
}

/** The longest slug that the control API takes: a DNS label. */
const maxSlugLength = 63;

/** Of a name without a letter from a to z, or a digit, nothing is left: then it is a random one. */
function tenantSlug(name: string): string {
  return slugFrom(name, maxSlugLength) || `application-${randomBytes(4).toString('hex')}`;
}

export async function listTenants(context: CliContext): Promise<void> {
  const { client, workspaceId } = await ownerClient(context, platformUrls(context).control);
  const applications = await client.applications(workspaceId);
  if (context.json) return printJson(applications);
  printTable(
    ['ID', 'NAME', 'SLUG', 'ENVIRONMENT', 'STATUS', 'CREATED'],
    applications.map(({ id, name, slug, environment, status, createdAt }) => [id, name, slug, environment, status, createdAt]),
  );
}

export async function showTenant(context: CliContext, id: string): Promise<void> {
  const { client } = await ownerClient(context, platformUrls(context).control);
  const application = await client.application(id);
  const operations = await client.operations(id);
  if (context.json) return printJson({ ...application, operations });
  printTable(
    ['', ''],
    [
      ['id', application.id],
      ['name', application.name],
      ['status', application.status],
      ['url', application.url],
      ['created', application.createdAt],
    ],
  );
  if (application.failure) console.log(`\nfailure: ${application.failure.code}: ${application.failure.message}`);
  console.log();
  printTable(
    ['OPERATION', 'KIND', 'STATUS', 'PHASE', 'SECONDS'],
    operations.flatMap((operation) => [
      [operation.id, operation.kind, operation.status, '', ''],
      ...operation.phases.map(({ name, startedAt, endedAt }) => ['', '', '', name, secondsBetween(startedAt, endedAt)]),
    ]),
  );
}

export interface UpdateTenantOptions {
  name?: string;
  /** A JSON merge patch of the configuration, or the file that holds it: secrets are better not given as arguments. */
  config?: string;
  /** Wait until it is active with its new configuration. */
  wait: boolean;
}

export async function updateTenant(context: CliContext, id: string, { name, config, wait }: UpdateTenantOptions): Promise<void> {
  if (name === undefined && config === undefined) throw new Error('give --name, --config or both');
  const change = { ...(name === undefined ? {} : { name }), ...(config === undefined ? {} : { config: await readConfig(config) }) };
  const { client } = await ownerClient(context, platformUrls(context).control);
  const updated = await client.updateApplication(id, change);
  const underWay = updated.status === 'updating' || updated.status === 'provisioning';
  const application = wait && underWay ? await waitUntilActive(client, id, () => undefined) : updated;
  if (context.json) return printJson(application);
  console.log(`${application.id} ${application.status}`);
}

async function readConfig(given: string): Promise<unknown> {
  const isJson = given.trimStart().startsWith('{');
  const text = isJson ? given : decodeUtf8(await readFile(given));
  if (text === undefined) throw new Error(`${given} must be valid UTF-8`);
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, secrets included.
    throw new Error(`${isJson ? '--config' : given} is not valid JSON`);
  }
}
