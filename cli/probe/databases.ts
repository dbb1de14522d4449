import { tenantNames } from '../../tenant-program/names.ts';
import type { Check, Untried } from './check.ts';
import type { Kubectl } from './cluster.ts';
import type { TargetsOf } from './targets.ts';

export interface DatabaseProbe extends TargetsOf {
  /** The tenant's own connection string; its password goes to the pod through stdin, never through arguments. */
  databaseUrl: string;
}

interface Query {
  what: string;
  database: string;
  sql: string;
  expected: Check['expected'];
}

/** Whoever becomes one of these has more than one tenant's data. */
const administrators = ['pg_execute_server_program', 'authsome_tenants', 'authsome_backup', 'postgres'];

/** What a tenant's role may do on the shared server, tried as that role, on the server's own pod: past every network policy. */
export async function checkDatabases(kubectl: Kubectl, probe: DatabaseProbe): Promise<{ checks: Check[]; untried: Untried[] }> {
  const own = tenantNames(probe.appId).database;
  const from = `role ${tenantNames(probe.appId).role}`;
  const queries: Query[] = [
    { what: 'to use its own database', database: own, sql: 'select 1', expected: 'allowed' },
    { what: 'to list the databases of the server', database: own, sql: 'select datname from pg_database', expected: 'refused' },
    { what: 'to list the roles of the server', database: own, sql: 'select rolname from pg_roles', expected: 'refused' },
    { what: 'to make a database', database: own, sql: 'create database probe_intruder', expected: 'refused' },
    { what: 'to make a role', database: own, sql: 'create role probe_intruder', expected: 'refused' },
    { what: 'to read files of the server', database: own, sql: "select pg_read_file('/etc/passwd')", expected: 'refused' },
    { what: 'to run programs on the server', database: own, sql: "copy (select 1) to program 'true'", expected: 'refused' },
    { what: 'to write files of the server', database: own, sql: "copy (select 1) to '/tmp/probe_intruder'", expected: 'refused' },
    ...administrators.map((role): Query => ({ what: `to become ${role}`, database: own, sql: `set role ${role}`, expected: 'refused' })),
    {
      what: "to put a function among PostgreSQL's own",
      database: own,
      sql: "create function pg_catalog.probe_intruder() returns int language sql as 'select 1'",
      expected: 'refused',
    },
    {
      what: 'to change where an administrator looks for functions',
      database: own,
      sql: 'alter role authsome_tenants set search_path = public',
      expected: 'refused',
    },
    {
      what: 'to load machine code into the server',
      database: own,
      sql: "create function public.probe_intruder() returns int language c as 'probe_intruder'",
      expected: 'refused',
    },
    { what: 'to add an extension that reaches files', database: own, sql: 'create extension file_fdw', expected: 'refused' },
    {
      what: "to run a function at everybody's changes of the schema",
      database: own,
      sql: 'create event trigger probe_intruder on ddl_command_end execute function probe_intruder()',
      expected: 'refused',
    },
    { what: 'to connect to the maintenance database', database: 'postgres', sql: 'select 1', expected: 'refused' },
    { what: 'to connect to template1', database: 'template1', sql: 'select 1', expected: 'refused' },
  ];
  const untried: Untried[] = [];
  if (probe.otherAppId === undefined) untried.push({ from, what: "to connect to another tenant's database", reason: 'there is no other' });
  else {
    const { database } = tenantNames(probe.otherAppId);
    queries.push({ what: `to connect to another tenant's database (${database})`, database, sql: 'select 1', expected: 'refused' });
  }
  const checks: Check[] = [];
  for (const query of queries) checks.push(await run(kubectl, probe, from, query));
  return { checks, untried };
}

async function run(kubectl: Kubectl, { systemNamespace, databaseUrl }: DatabaseProbe, from: string, query: Query): Promise<Check> {
  const { username, password } = new URL(databaseUrl);
  const psql =
    'IFS= read -r PGPASSWORD; export PGPASSWORD; exec psql --no-psqlrc --host=127.0.0.1 --username="$0" --dbname="$1" --command="$2"';
  const enter = ['exec', '--stdin', '--namespace', systemNamespace, 'tenants-postgres-0', '--', 'sh', '-c', psql];
  const { exitCode, stderr } = await kubectl(
    [...enter, decodeURIComponent(username), query.database, query.sql],
    `${decodeURIComponent(password)}\n`,
  );
  const { what, expected } = query;
  if (exitCode === 0) return { from, what, expected, outcome: 'allowed', detail: 'done' };
  const refusal =
    /(?:FATAL|ERROR): .*(?:permission denied|extension "\w+" is not available|must be superuser|superuser or|privileges of|must have).*/i.exec(
      stderr,
    )?.[0];
  // psql that could not even start, or a wrong password, says nothing about rights.
  if (refusal === undefined) throw new Error(`${from}, ${what}: ${stderr.trim().split('\n')[0] ?? ''}`);
  return { from, what, expected, outcome: 'refused', detail: refusal };
}
