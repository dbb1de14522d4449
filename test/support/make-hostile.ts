import pg from 'pg';
import { postgresClient } from './postgres-client.ts';

/** A database whose owner waits there for an administrator. */
export interface HostileDatabase {
  /** What ran in it as anybody but its owner: each `WHO: WHAT`. */
  intrusions: () => Promise<string[]>;
  /** How many functions and operators have a double. */
  doubles: number;
}

/**
 * Turns a database into a trap, with its owner's rights alone: every function and operator of pg_catalog has a double of the same arguments in a
 * schema that comes first, and further ones for arguments that a bare literal fits as well; types and catalogs have doubles too; tables have
 * checks, defaults, generated columns, indexes, triggers, rules and policies. A double that runs as anybody else notes it and tries to give its
 * owner what the other one has.
 *
 * @param ownerUrl of the database, as its owner's login
 * @param onIntrusion `note` leaves a row; `raise` fails the statement, for sessions that only read
 */
export async function makeHostile(ownerUrl: string, onIntrusion: 'note' | 'raise' = 'note'): Promise<HostileDatabase> {
  const owner = decodeURIComponent(new URL(ownerUrl).username);
  const database = new URL(ownerUrl).pathname.slice(1);
  const client = postgresClient({ connectionString: ownerUrl, options: '-c search_path=pg_catalog -c check_function_bodies=off' });
  await client.connect();
  try {
    for (const statement of trap(owner, onIntrusion)) await client.query(statement);
    const { rows } = await client.query<{ count: number }>(
      `select (select count(*) from pg_proc where pronamespace = 'authsome_tenants'::regnamespace)::int
            + (select count(*) from pg_operator where oprnamespace = 'authsome_tenants'::regnamespace)::int as count`,
    );
    // Last: the owner's own sessions would walk into it as well.
    for (const setting of ['search_path = authsome_tenants, public, pg_catalog', 'transform_null_equals = on', 'row_security = on'])
      await client.query(`alter database ${pg.escapeIdentifier(database)} set ${setting}`);
    return { intrusions: () => readIntrusions(ownerUrl), doubles: rows[0]?.count ?? 0 };
  } finally {
    await client.end();
  }
}

async function readIntrusions(ownerUrl: string): Promise<string[]> {
  const client = postgresClient({ connectionString: ownerUrl, options: '-c search_path=pg_catalog' });
  await client.connect();
  try {
    const { rows } = await client.query<{ call: string }>('select distinct call from hostile.calls order by 1');
    return rows.map(({ call }) => call);
  } finally {
    await client.end();
  }
}

/** What an attacker wants of a role that may grant, of a superuser, and of one that may only read. */
const attempts = (owner: string): string[] => [
  ...['pg_execute_server_program', 'pg_read_server_files', 'pg_read_all_data'].map((role) => `grant ${role} to ${owner}`),
  `alter role ${owner} superuser createrole`,
  `reset role`,
  `alter role ${owner} superuser`,
];

function trap(owner: string, onIntrusion: 'note' | 'raise'): string[] {
  const quotedOwner = pg.escapeLiteral(owner);
  const attack = attempts(owner)
    .map((text) => `begin execute ${pg.escapeLiteral(text)}; exception when others then null; end;`)
    .join(' ');
  const reaction =
    onIntrusion === 'raise'
      ? `raise exception '% ran as %', what, current_user;`
      : `begin insert into hostile.calls values (who || ': ' || what); exception when others then null; end; ${attack}`;
  return [
    'drop schema if exists public cascade',
    'create schema public',
    'create schema authsome_tenants',
    'create schema hostile',
    'grant all on schema public, authsome_tenants, hostile to public',
    'create table hostile.calls (call text)',
    'grant all on hostile.calls to public',
    `create function hostile.ran(what text) returns void language plpgsql set search_path = pg_catalog as $$
     declare who text := current_user;
     begin
       if current_user = ${quotedOwner} and session_user = ${quotedOwner} then return; end if;
       ${reaction}
     end $$`,
    `create function hostile.watched(what text) returns boolean language plpgsql immutable as $$ begin perform hostile.ran(what); return true; end $$`,
    functionDoubles,
    operatorDoubles,
    catalogDoubles,
    typeDoubles,
    ...tables(quotedOwner),
  ];
}

/** Beside each one's own arguments, those that a literal without a type, a name or a number would fit as well. */
const functionDoubles = String.raw`
do $do$
declare f record; args text; variant text;
begin
  for f in
    select p.proname, p.proretset, format_type(p.prorettype, null) as result, p.prokind,
           coalesce((select string_agg(format_type(a, null), ', ' order by n) from unnest(p.proargtypes) with ordinality as x(a, n)), '') as args
      from pg_proc p where pronamespace = 'pg_catalog'::regnamespace and prokind = 'f'
  loop
    foreach variant in array array['own', 'text', 'name', 'varchar', 'oid', 'any'] loop
      args := case variant
        when 'own' then f.args
        when 'text' then regexp_replace(f.args, '\y(name|"char")', 'text', 'g')
        when 'name' then regexp_replace(f.args, '\ytext', 'name', 'g')
        when 'varchar' then regexp_replace(f.args, '\y(text|name)', 'character varying', 'g')
        when 'oid' then regexp_replace(f.args, '\yinteger', 'oid', 'g')
        else regexp_replace(f.args, '"any"', 'text', 'g') end;
      if variant <> 'own' and args = f.args then continue; end if;
      begin
        execute format(
          'create function authsome_tenants.%I(%s) returns %s %s language plpgsql set search_path = pg_catalog as %L',
          f.proname, args, case when f.proretset then 'setof' else '' end, f.result,
          format('begin perform hostile.ran(%L); return %s; end', f.proname || '(' || args || ')',
            case when f.proretset or f.result = 'void' then '' else 'null' end));
      exception when others then
        -- What plpgsql can't have, an internal type for one.
        null;
      end;
    end loop;
  end loop;
end $do$`;

const operatorDoubles = String.raw`
do $do$
declare o record; double text;
begin
  for o in
    select oid, oprname, format_type(oprleft, null) as l, format_type(oprright, null) as r, format_type(oprresult, null) as result, oprleft
      from pg_operator where oprnamespace = 'pg_catalog'::regnamespace and oprkind in ('b', 'l')
  loop
    double := 'operator_' || o.oid;
    begin
      execute format('create function hostile.%I(%s) returns %s language plpgsql set search_path = pg_catalog as %L',
        double, concat_ws(', ', case when o.oprleft <> 0 then o.l end, o.r), o.result,
        format('begin perform hostile.ran(%L); return null; end', 'operator ' || o.oprname || ' ' || o.l || ' ' || o.r));
      execute format('create operator authsome_tenants.%s (function = hostile.%I, %s rightarg = %s)',
        o.oprname, double, case when o.oprleft <> 0 then 'leftarg = ' || o.l || ',' else '' end, o.r);
    exception when others then null;
    end;
  end loop;
end $do$`;

const catalogDoubles = String.raw`
do $do$
declare c text;
begin
  for c in select relname from pg_class where relnamespace = 'pg_catalog'::regnamespace and relkind in ('r', 'v') loop
    execute format('create view authsome_tenants.%I as select hostile.watched(%L) as datname', c, 'catalog ' || c);
    execute format('grant all on authsome_tenants.%I to public', c);
  end loop;
end $do$`;

const typeDoubles = String.raw`
do $do$
declare c text;
begin
  foreach c in array array['text', 'name', 'oid', 'regrole', 'regclass', 'regnamespace', 'bool', 'int4', 'int8', 'char', 'aclitem'] loop
    execute format('create domain authsome_tenants.%I as pg_catalog.text check (hostile.watched(%L))', c, 'type ' || c);
  end loop;
end $do$`;

function tables(quotedOwner: string): string[] {
  return [
    `create domain public.checked as text check (hostile.watched('domain constraint'))`,
    `create table public.people (
       id int default (hostile.watched('default'))::int, name public.checked, flag boolean generated always as (hostile.watched('generated')) stored,
       check (hostile.watched('check constraint')))`,
    `create index on public.people ((hostile.watched('index expression' || name)))`,
    `create function hostile.trigger() returns trigger language plpgsql as $$ begin perform hostile.ran('trigger'); return new; end $$`,
    `create trigger watched before insert or update or delete on public.people for each row execute function hostile.trigger()`,
    `create view public.watched as select hostile.watched('view') as watched`,
    `create rule watched as on update to public.people do also select hostile.watched('rule')`,
    `create materialized view public.kept as select hostile.watched('materialized view') as watched`,
    `insert into public.people (id, name) values (1, 'ada')`,
    `grant all on all tables in schema public to public`,
    `create table public."quo""te'
; select hostile.ran('name') --" (id int)`,
    `comment on table public.people is ${pg.escapeLiteral(`'; select hostile.ran('comment'); --\n\\! true`)}`,
    `alter default privileges in schema public grant all on tables to public`,
    `alter role ${pg.escapeIdentifier(quotedOwner.slice(1, -1))} set search_path = authsome_tenants, public, pg_catalog`,
  ];
}
