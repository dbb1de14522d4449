import { z } from 'zod';
import { tenantProject } from '../../stacks/tenant-project.ts';
import { tenantNames } from '../../tenant-program/names.ts';
import { psqlInPod } from '../support/psql-in-pod.ts';
import type { Platform } from './platform.ts';

const rowsSchema = z.object({
  application: z
    .object({
      status: z.string(),
      desired: z.string(),
      serving: z.boolean(),
      generation: z.int(),
      observed_generation: z.int(),
      revision: z.int(),
    })
    .nullable(),
  jobs: z.array(z.object({ id: z.string(), kind: z.string(), generation: z.int(), status: z.string() })),
  attempts: z.array(z.object({ job_id: z.string(), status: z.string(), code: z.string().nullable(), message: z.string().nullable() })),
  events: z.array(z.string()),
  deletion_records: z.int(),
});

const stackSchema = z.object({
  /** Keys of everything that the state database holds of the stack, history included. */
  keys: z.array(z.string()),
  locks: z.array(z.string()),
  pending_operations: z.int(),
  resources: z.array(z.object({ urn: z.string(), type: z.string(), id: z.string().nullable(), delete: z.boolean().nullable() })),
});

export type ControlRows = z.output<typeof rowsSchema>;
export type StackState = z.output<typeof stackSchema>;

/** What the control database and the state database say of one application. */
export async function readControlServer(platform: Platform, appId: string): Promise<{ rows: ControlRows; stack: StackState }> {
  const [rows = '', stack = ''] = await psql(platform, 'postgres', [
    '\\connect authsome_control',
    `select json_build_object(
       'application', (select row_to_json(a) from (
          select status, desired, serving, generation, observed_generation, revision from applications where id = '${checked(appId)}') a),
       'jobs', ${list(`select id, kind, generation, status from jobs where application_id = '${appId}' order by generation, created_at`)},
       'attempts', ${list(`select job_id, status, error ->> 'code' as code, error ->> 'message' as message
          from operations where application_id = '${appId}' order by fencing_token`)},
       'events', (select coalesce(json_agg(type order by sequence), '[]') from events where application_id = '${appId}'),
       'deletion_records', (select count(*) from deletion_records where application_id = '${appId}'));`,
    '\\connect authsome_state',
    stackQuery(tenantNames(appId).stack),
  ]);
  return { rows: rowsSchema.parse(JSON.parse(rows)), stack: stackSchema.parse(JSON.parse(stack)) };
}

/** Databases and roles of the shared tenants' server that have the application's id in their names. */
export async function readTenantsServer(platform: Platform, appId: string): Promise<{ databases: string[]; roles: string[] }> {
  const [answer = ''] = await psql(platform, 'tenants-postgres', [
    `select json_build_object(
       'databases', (select coalesce(json_agg(datname), '[]') from pg_database where strpos(datname, '${checked(appId)}') > 0),
       'roles', (select coalesce(json_agg(rolname), '[]') from pg_roles where strpos(rolname, '${appId}') > 0));`,
  ]);
  return z.object({ databases: z.array(z.string()), roles: z.array(z.string()) }).parse(JSON.parse(answer));
}

/**
 * The one table of Pulumi's PostgreSQL backend: `DATABASE/.pulumi/stacks/PROJECT/STACK.json`, `DATABASE/.pulumi/locks/…/PROJECT/STACK/ID.json`
 * and so on.
 */
function stackQuery(stack: string): string {
  const path = `/${tenantProject}/${stack}`;
  const ofStack = `(strpos(key, '${path}.') > 0 or strpos(key, '${path}/') > 0)`;
  // Each file is kept in base64, in a JSON object.
  const file = `convert_from(decode(data ->> 'data', 'base64'), 'utf8')::json`;
  const latest = `(select ${file} -> 'checkpoint' -> 'latest' from pulumi_state where key like '%.pulumi/stacks${path}.json')`;
  return `select json_build_object(
    'keys', (select coalesce(json_agg(key order by key), '[]') from pulumi_state where ${ofStack}),
    'locks', (select coalesce(json_agg(key), '[]') from pulumi_state where key like '%.pulumi/locks/%' and ${ofStack}),
    'pending_operations', coalesce(json_array_length(${latest} -> 'pending_operations'), 0),
    'resources', (select coalesce(json_agg(json_build_object(
        'urn', r -> 'urn', 'type', r -> 'type', 'id', r ->> 'id', 'delete', (r ->> 'delete')::boolean)), '[]')
      from json_array_elements(coalesce(${latest} -> 'resources', '[]')) r));`;
}

/** Asks a server inside its own pod, as its superuser; one line of output for each query. */
async function psql({ kubectl, namespace }: Platform, part: string, lines: readonly string[]): Promise<string[]> {
  const answer = await kubectl(
    psqlInPod({ namespace, server: part }),
    lines
      .map((line) =>
        line.startsWith('\\')
          ? line
          : line
              .split('\n')
              .map((part) => part.trim())
              .join(' '),
      )
      .join('\n') + '\n',
  );
  return answer.split('\n').filter(Boolean);
}

function list(query: string): string {
  return `(select coalesce(json_agg(row_to_json(q)), '[]') from (${query}) q)`;
}

/** Becomes part of a query. */
function checked(appId: string): string {
  return z
    .string()
    .regex(/^app_[a-z0-9]+$/)
    .parse(appId);
}
