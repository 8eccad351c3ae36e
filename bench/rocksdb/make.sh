#!/usr/bin/env bash
# Makes an incremental RocksDB checkpoint with real Flink:
#   make.sh DIRECTORY BYTES [FLINK-OPTION=VALUE …]
# The conformance module's classes are compiled before: its class path holds Flink.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=${FLINK_VERSION:-2.3.0}
target=$here/../../conformance/target/$version
if [[ ! -f $target/classpath.txt ]]; then
  "$here/../../conformance/run.sh" serializers "$version" /dev/null /dev/null >/dev/null || [[ -f $target/classpath.txt ]]
fi
opens=()
for package in java.lang java.util java.util.concurrent java.time java.nio sun.nio.ch; do
  opens+=("--add-opens=java.base/$package=ALL-UNNAMED")
done
mkdir -p "$1"
classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT
javac -d "$classes" -cp "$(cat "$target/classpath.txt")" "$here/BigCheckpoint.java"
java -Xmx1500m "${opens[@]}" -Dorg.slf4j.simpleLogger.defaultLogLevel=error -cp "$classes:$(cat "$target/classpath.txt")" \
  BigCheckpoint "$@"
