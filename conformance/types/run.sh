#!/usr/bin/env bash
# Compares the serializer snapshots that kobel makes of described types with those of real Flink.
#   run.sh OUTDIR [VERSION…]
# KOBEL is where kobel is built (../../build).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${1:?usage: run.sh OUTDIR [VERSION…]}
shift
versions=("$@")
[[ ${#versions[@]} -gt 0 ]] || versions=(1.16.3 1.20.3 2.3.0)
mkdir -p "$out"

for version in "${versions[@]}"; do
  target=$here/../target/types-$version
  if [[ ! -f $target/built || -n $(find "$here/java" "$here/pom.xml" -newer "$target/built" -print -quit) ]]; then
    mkdir -p "$target"
    touch "$target/started.$$"
    (cd "$here" && mvn -q -B "-Dflink.version=$version" compile dependency:build-classpath "-Dmdep.outputFile=$target/classpath.txt" >&2)
    mv "$target/started.$$" "$target/built"
  fi
  classpath=$(cat "$target/classpath.txt")
  # flink CASES CLASSPATH COMMAND…
  flink() {
    java -Xmx1g --add-opens=java.base/java.util=ALL-UNNAMED --add-opens=java.base/java.lang=ALL-UNNAMED -Duser.timezone=UTC \
      "-Dflink.version=$version" "-Dcases=$1" -Dorg.slf4j.simpleLogger.defaultLogLevel=error \
      -cp "$target/classes:$2" "kobel.conformance.described.${main:-DescribedTypes}" "${@:3}"
  }
  # Without flink-avro a job registers a dummy with Kryo. kobel writes that, and a job with flink-avro has to take it.
  without=$(tr ':' '\n' <<<"$classpath" | grep -v -e '/flink-avro/' -e '/avro/' | paste -sd:)
  flink kryo "$without" make "$out/$version-kryo.tsv"
  flink plain "$classpath" make "$out/$version-flink.tsv"
  cat "$out/$version-kryo.tsv" >>"$out/$version-flink.tsv"
  node "$here/write.mjs" "$version" "$out/$version-flink.tsv" "$out/$version-kobel.tsv"
  flink all "$classpath" check "$out/$version-kobel.tsv" "$out/$version-verdict.tsv"
  node "$here/verdicts.mjs" write "$version" "$out/$version-pairs.tsv"
  main=Verdicts flink all "$classpath" "$out/$version-pairs.tsv" "$out/$version-verdicts.tsv"
done
# node verdicts.mjs collect ../../test/diff/verdicts.json OUT/*-verdicts.tsv takes what Flink said into the tests.
node "$here/report.mjs" "$out" "${versions[@]}"
