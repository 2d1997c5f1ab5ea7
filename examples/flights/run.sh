#!/usr/bin/env bash
# Runs the example on this machine, in about half a minute: half of 20,000 flights go through a
# Kinesis Lambda and half through Kafka workers, at the same time. It fails unless every flight is
# counted once. Needs Go; everything listens on the loopback and is stopped at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
for program in lambda worker reader local; do
	go build -o "$dir/$program" "./$program"
done
go run ../../cmd/weir demo --archive "$dir/flights.json.gz" >/dev/null
"$dir/local" "$dir" "$dir/flights.json.gz"
