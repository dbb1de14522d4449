#!/bin/sh
# Makes the cluster on the first start, then becomes the server. Runs as the image's user with a read-only root: only the data
# folder, /tmp and /var/run/postgresql are written.
#
# POSTGRES_PASSWORD_FILE or POSTGRES_PASSWORD: the superuser's password, set when the cluster is made. POSTGRES_USER: its name
# (postgres). POSTGRES_TLS=self-signed: makes a certificate of its own on the first start and answers the network over TLS only.
# Arguments: `postgres` and its flags; anything else is run as it is.
set -eu

if [ "${1:-postgres}" != postgres ]; then exec "$@"; fi
[ $# -eq 0 ] || shift
umask 077

tls=${POSTGRES_TLS:-off}
case $tls in
  off) network=host ;;
  self-signed) network=hostssl ;;
  *)
    echo "entrypoint: POSTGRES_TLS must be self-signed or not set, not $tls" >&2
    exit 1
    ;;
esac

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE"); fi
  if [ -z "${POSTGRES_PASSWORD:-}" ]; then
    echo 'entrypoint: POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE must be set for the first start' >&2
    exit 1
  fi
  # Made beside its final place and renamed when whole: a container that is killed in between starts again from nothing, and never
  # with half a cluster.
  fresh=$PGDATA.new
  rm -rf "$fresh"
  password=$(mktemp)
  printf '%s\n' "$POSTGRES_PASSWORD" > "$password"
  initdb --pgdata="$fresh" --username="${POSTGRES_USER:-postgres}" --pwfile="$password" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 --data-checksums >&2
  rm -f "$password"
  echo "$network all all all scram-sha-256" >> "$fresh/pg_hba.conf"
  rmdir "$PGDATA" 2>/dev/null || true
  sync "$fresh/pg_hba.conf"
  mv "$fresh" "$PGDATA"
  sync "$(dirname "$PGDATA")"
fi
unset POSTGRES_PASSWORD

# Ten years: clients don't look at the certificate (sslmode=require). Renamed into place when it and its key are on the disk, so that a
# start which was cut short is made up for by the next.
if [ "$tls" = self-signed ]; then
  if [ ! -s "$PGDATA/server.crt" ]; then
    request=$(mktemp)
    printf '[req]\ndistinguished_name = subject\nx509_extensions = server\n[subject]\n[server]\nsubjectAltName = DNS:postgres\n' > "$request"
    openssl req -x509 -batch -config "$request" -subj /CN=postgres -days 3650 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc \
      -keyout "$PGDATA/server.key" -out "$PGDATA/server.crt.new" >&2
    rm -f "$request"
    sync "$PGDATA/server.key" "$PGDATA/server.crt.new"
    mv "$PGDATA/server.crt.new" "$PGDATA/server.crt"
  fi
  set -- -c ssl=on "$@"
fi

# The lock file that a killed server leaves behind names process 1, which the next server is itself, and it knows that. A file that was
# cut short it refuses.
[ -s "$PGDATA/postmaster.pid" ] || rm -f "$PGDATA/postmaster.pid"

exec postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql "$@"
