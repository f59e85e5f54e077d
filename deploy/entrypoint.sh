#!/bin/sh
# Begins each of Slumber's containers: brings what is mounted, for all to read, to where the programs look for it.
set -eu

# brought FROM TO: several containers may do so at once, and each finds a whole file.
brought() {
    [ -r "$1" ] || return 0
    cmp -s "$1" "$2" && return 0
    mkdir -p "$(dirname "$2")"
    cp "$1" "$2.$$-$(hostname)"
    mv -f "$2.$$-$(hostname)" "$2"
}

mkdir -p "$PWD/inbox"
brought /etc/slumber/params.yaml "$PWD/params.yaml"
brought /etc/slumber/dagster.yaml "$DAGSTER_HOME/dagster.yaml"
umask 077 # libpq heeds no password file that others may read
brought /run/secrets/pgpass "$PGPASSFILE"
umask 022
exec "$@"
