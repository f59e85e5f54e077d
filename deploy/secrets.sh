#!/bin/sh
# Makes the passwords of compose.yaml, once, as files: sh deploy/secrets.sh
# Their folder is closed to others; the files are not, for in a container another user reads them.
set -eu
cd "$(dirname "$0")"
if [ -e secrets ]; then
    echo "$PWD/secrets is there already: a new password would lock the databases. Nothing was changed." >&2
    exit 2
fi
drawn() { od -An -N 24 -tx1 /dev/urandom | tr -d ' \n'; }
postgres=$(drawn)
key=$(drawn)
secret=$(drawn)
new=secrets.$$
mkdir -m 700 "$new"
printf '%s' "$postgres" >"$new/postgres-password"
printf '*:*:*:slumber:%s\n' "$postgres" >"$new/pgpass"
printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$key" "$secret" >"$new/aws"
cat >"$new/s3.json" <<END
{"identities": [{"name": "slumber", "credentials": [{"accessKey": "$key", "secretKey": "$secret"}],
                 "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}
END
chmod 444 "$new"/*
mv "$new" secrets
echo "The passwords are in $PWD/secrets; keep a copy with your backups."
