/** kubectl's arguments to run psql as superuser in the first pod of one of the platform's PostgreSQL servers; it reads its input. */
export function psqlInPod(place: { namespace: string; server: string; database?: string }): string[] {
  const { namespace, server, database = 'postgres' } = place;
  const command =
    'PGPASSWORD=$(cat /etc/authsome/password) exec psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --host=127.0.0.1 --username=postgres --dbname="$0"';
  return ['exec', '--stdin', '--namespace', namespace, `${server}-0`, '--', 'sh', '-c', command, database];
}
