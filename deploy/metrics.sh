#!/bin/sh
# The nights' figures on port 9101, as `slumber metrics` has them, anew every five minutes: GET /metrics. Nothing is there
# (404) when they could not be had, so that whoever scrapes is not shown old ones.
set -eu
trap 'exit 0' TERM INT
folder=$(mktemp -d)
python -m http.server 9101 --directory "$folder" &
server=$!
while kill -0 "$server"; do
    timeout 240 slumber metrics --out "$folder/metrics" &
    wait $! || rm -f "$folder/metrics"
    sleep "${1:-300}" &
    wait $!
done
exit 1 # nobody serves them
