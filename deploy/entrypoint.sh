#!/bin/sh
# Begins each of Slumber's containers: brings what is mounted, for all to read, to where the programs look for it.
set -eu

# brought FROM TO MODE: several containers may do so at once, and each finds a whole file.
brought() {
    [ -r "$1" ] || return 0
    cmp -s "$1" "$2" && return 0
    mkdir -p "$(dirname "$2")"
    part=$(mktemp "$2.XXXXXX") # of containers in one pod, which share host name and process numbers
    cat "$1" >"$part"
    chmod "$3" "$part"
    mv -f "$part" "$2"
}

mkdir -p "$PWD/inbox"
brought /etc/slumber/params.yaml "$PWD/params.yaml" 644
brought /etc/slumber/dagster.yaml "$DAGSTER_HOME/dagster.yaml" 644
brought /run/secrets/pgpass "$PGPASSFILE" 600 # libpq heeds no password file that others may read
exec "$@"
