#!/usr/bin/env bash
# serve.sh NAME PORT installs a server if it is not there, starts it on 127.0.0.1, prints its
# endpoint when it answers, and stays until killed (TERM or INT), which ends the server too.
# Names: redis postgres dynalite sqs fauxqs s3
set -euo pipefail
name=${1:-} port=${2:-}
if [ -z "$name" ] || [ -z "$port" ]; then
	sed -n '2,4p' "$0" >&2
	exit 2
fi

# debian installs a package of Debian's if a program is missing.
debian() {
	local program=$1 package=$2
	command -v "$program" >/dev/null && return
	if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
		echo "$program is not installed: install Debian's package $package" >&2
		exit 1
	fi
	{ apt-get update && apt-get install -y --no-install-recommends "$package"; } >/dev/null
}

# open tells whether something listens on a port.
open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

if open "$port"; then
	echo "port $port is taken" >&2
	exit 1
fi
dir=$(mktemp -d)
pid=
finish() {
	trap - EXIT INT TERM
	if [ -n "$pid" ]; then
		kill -s "${stop:-TERM}" "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	fi
	rm -rf "$dir"
	exit "${1:-0}"
}
trap 'finish 1' EXIT
trap finish INT TERM

# as runs a program as nobody, since PostgreSQL refuses root and the others need not be it.
as() {
	if [ "$(id -u)" -eq 0 ]; then
		chown nobody "$dir"
		exec setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
	fi
	exec "$@"
}

case $name in
redis)
	# A cluster of one node: a script that mixes slots fails there, and works elsewhere.
	debian redis-server redis-server
	(as redis-server --bind 127.0.0.1 --port "$port" --dir "$dir" --save '' --appendonly no \
		--cluster-enabled yes --cluster-node-timeout 1000) >&2 &
	pid=$!
	ready() {
		redis-cli -p "$port" cluster addslotsrange 0 16383 >/dev/null 2>&1 || true
		redis-cli -p "$port" cluster info 2>/dev/null | grep -q '^cluster_state:ok'
	}
	endpoint=127.0.0.1:$port
	;;
postgres)
	PATH=$PATH:$(echo /usr/lib/postgresql/*/bin | tr ' ' '\n' | tail -1)
	debian initdb postgresql
	PATH=$PATH:$(echo /usr/lib/postgresql/*/bin | tr ' ' '\n' | tail -1)
	cd "$dir"
	(as initdb -D "$dir/data" -A trust -U postgres --no-sync -E UTF8 --locale=C) >/dev/null
	(as postgres -D "$dir/data" -c listen_addresses=127.0.0.1 -c port="$port" \
		-c unix_socket_directories= -c fsync=off -c max_connections=200) >&2 &
	pid=$! stop=INT # at once, whoever is connected
	ready() { pg_isready -q -h 127.0.0.1 -p "$port" -U postgres; }
	endpoint="postgres://postgres@127.0.0.1:$port/postgres?sslmode=disable"
	;;
dynalite)
	command -v npm >/dev/null || { echo "npm is not installed" >&2 && exit 1; }
	cp "$(dirname "${BASH_SOURCE[0]}")"/node/dynalite/package*.json "$dir"
	npm ci --prefix "$dir" --ignore-scripts --no-audit --no-fund --loglevel=error >&2
	(as node "$dir/node_modules/dynalite/cli.js" --host 127.0.0.1 --port "$port" \
		--createTableMs 5 --deleteTableMs 5 --updateTableMs 5) >&2 &
	pid=$!
	ready() { open "$port"; }
	endpoint=http://127.0.0.1:$port
	;;
sqs)
	command -v npm >/dev/null || { echo "npm is not installed" >&2 && exit 1; }
	cp "$(dirname "${BASH_SOURCE[0]}")"/node/sqs/package*.json "$dir"
	npm ci --prefix "$dir" --ignore-scripts --no-audit --no-fund --loglevel=error >&2
	(NODE_PATH=$dir/node_modules as node -e \
		"require('local-aws-sqs').createSqsServer({port: $port, hostname: '127.0.0.1', emulateQueueCreationLifecycle: false})") >&2 &
	pid=$!
	ready() { open "$port"; }
	endpoint=http://127.0.0.1:$port
	;;
fauxqs)
	# The other SQS: a message group is locked while a message of it is in flight, which sqs does not do.
	command -v npm >/dev/null || { echo "npm is not installed" >&2 && exit 1; }
	cp "$(dirname "${BASH_SOURCE[0]}")"/node/fauxqs/{package*.json,serve.mjs} "$dir"
	npm ci --prefix "$dir" --ignore-scripts --no-audit --no-fund --loglevel=error >&2
	(as node "$dir/serve.mjs" "$port") >&2 &
	pid=$!
	ready() { open "$port"; }
	endpoint=http://127.0.0.1:$port
	;;
s3)
	# versitygw, on a directory; access key AK, secret key SK. A cold build takes minutes, so it is kept.
	version=v1.8.0
	bin=${XDG_CACHE_HOME:-$HOME/.cache}/weir/versitygw-$version
	[ -x "$bin/versitygw" ] || GOBIN=$bin GOFLAGS='-p=2' go install "github.com/versity/versitygw/cmd/versitygw@$version" >&2
	mkdir "$dir/objects" "$dir/meta" # not every file system has extended attributes
	(exec "$bin/versitygw" --port "127.0.0.1:$port" --access AK --secret SK --quiet posix --sidecar "$dir/meta" "$dir/objects") >&2 &
	pid=$!
	ready() { open "$port"; }
	endpoint=http://127.0.0.1:$port
	;;
*)
	echo "no server $name" >&2
	exit 2
	;;
esac

for _ in $(seq 300); do
	kill -0 "$pid" 2>/dev/null || { echo "$name did not start" >&2 && exit 1; }
	if ready; then
		echo "$endpoint"
		wait "$pid" || true
		exit 1 # it should not have ended
	fi
	sleep 0.1
done
echo "$name does not answer on port $port" >&2
exit 1
