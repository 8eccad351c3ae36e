#!/usr/bin/env bash
# Makes savepoints and checkpoints with real Flink. See README.md.
#   run.sh generate VERSION JOB BACKEND FORMAT OUTDIR [name=value …]
#   run.sh verify VERSION JOB SNAPSHOT [name=value …]
#   run.sh fixtures [VERSION…]
#   run.sh verify-fixtures [VERSION…]
#   run.sh smoke OUTDIR
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

opens=()
for package in java.lang java.lang.invoke java.lang.reflect java.math java.net java.io java.nio java.sql/java.sql java.text java.time \
  java.util java.util.concurrent java.util.concurrent.atomic java.util.concurrent.locks java.util.regex sun.nio.ch sun.net.util sun.util.calendar; do
  case $package in
    */*) opens+=("--add-opens=$package=ALL-UNNAMED") ;;
    *) opens+=("--add-opens=java.base/$package=ALL-UNNAMED") ;;
  esac
done

profiles() {
  case $1 in
    2.0.1) echo flink-2 ;;
    2.*) echo flink-2,avro ;;
    1.8.*) echo flink-1.8 ;;
    *) echo flink-1.16,avro ;;
  esac
}

# Compiles against a version of Flink unless that is done already.
build() {
  local target=$here/target/$1
  if [[ -f $target/built && -z $(find "$here/src" "$here/pom.xml" -newer "$target/built" -print -quit) ]]; then
    return
  fi
  mkdir -p "$target"
  # The time of the start counts, so that a change made meanwhile is not missed.
  touch "$target/started"
  (cd "$here" && mvn -q -B "-P$(profiles "$1")" "-Dflink.version=$1" compile dependency:build-classpath "-Dmdep.outputFile=target/$1/classpath.txt" >&2)
  mv "$target/started" "$target/built"
}

# run VERSION COMMAND… [-- COMMAND…]: all in one process.
run() {
  local version=$1
  shift
  build "$version"
  # Times print the same everywhere.
  java -Xmx1500m "${opens[@]}" -Duser.timezone=UTC "-Dflink.version=$version" -Dorg.slf4j.simpleLogger.defaultLogLevel="${LOG:-error}" \
    -cp "$here/target/$version/classes:$(cat "$here/target/$version/classpath.txt")" kobel.conformance.Main "$@"
}

# Flink writes the directory's name into checkpoints, so fixtures are made in a neutral place and copied.
workplace=/tmp/kobel-fixture

# The fixtures of a version and backend: lines of "name job format [options]". All together stay below 12 MB: the newest
# version has everything, the older ones what is different there.
fixtures_of() {
  local version=$1 backend=$2
  echo "types types canonical"
  echo "opstate opstate canonical"
  echo "windows windows canonical phases=2"
  case $version in
    2.0.* | 1.8.*) echo "kinds-small kinds-small canonical" && return ;;
  esac
  echo "namespaces namespaces canonical"
  echo "unknown unknown canonical"
  echo "kinds-compressed kinds-small canonical compression=true"
  echo "kinds-native kinds-small native"
  case $version in
    1.16.*) echo "kinds-small kinds-small canonical" && return ;;
  esac
  echo "kinds kinds canonical"
  echo "kinds-checkpoint kinds-small checkpoint"
  echo "names names canonical"
  echo "kryo kryo canonical"
  echo "avro avro canonical"
  echo "inline-windows windows canonical threshold=100000"
  echo "inline-opstate opstate canonical threshold=100000 compression=true"
  echo "opstate-native opstate native"
  case $version in
    1.*) return ;;
  esac
  echo "types-native types-split native"
  echo "windows-native windows native phases=2"
  echo "windows-checkpoint windows checkpoint"
  if [[ $backend == hashmap ]]; then
    echo "types-compressed types canonical compression=true"
    echo "unknown-native unknown native"
    echo "kinds-native-compressed kinds-small native compression=true"
  else
    echo "kinds-rescaled kinds-small checkpoint rescale=1"
  fi
}

# The same with the place: "directory job backend format [options]".
list() {
  local backend name job format options
  for backend in hashmap rocksdb; do
    while read -r name job format options; do
      echo "$backend/$name $job $backend $format $options"
    done < <(fixtures_of "$1" "$backend")
  done
}

# make VERSION DIRECTORY: all of the version's fixtures, in one process.
make() {
  local version=$1 words=() directory job backend format options
  while read -r directory job backend format options; do
    # shellcheck disable=SC2206
    words+=(${words[0]:+--} generate "$job" "$backend" "$format" "$workplace/$version/$directory" $options)
  done < <(list "$version")
  rm -rf "${workplace:?}/$version"
  run "$version" "${words[@]}"
  rm -rf "${2:?}/$version"
  mkdir -p "$2"
  cp -R "$workplace/$version" "$2/$version"
  find "$2/$version" -type d -empty -delete
}

# verify_made VERSION DIRECTORY: restores each fixture of the version in real Flink and compares what it finds.
verify_made() {
  local version=$1 words=() directory job backend format options snapshot
  # Checkpoints are found only where they were made.
  rm -rf "${workplace:?}/$version"
  mkdir -p "$workplace"
  cp -R "$2/$version" "$workplace/$version"
  while read -r directory job backend format options; do
    snapshot=$(dirname "$(find "$workplace/$version/$directory" -name _metadata | sort | tail -n 1)")
    case "$format $options" in
      *rescale*) options="phases=4" ;;
      checkpoint*) options="phases=3" ;;
    esac
    # shellcheck disable=SC2206
    words+=(${words[0]:+--} verify "$job" "$snapshot" "backend=$backend" $options)
  done < <(list "$version")
  run "$version" "${words[@]}"
}

# Everything at once for somebody who changed a reader: all types, all kinds of state, two versions.
smoke() {
  local out version job words
  out=$(mkdir -p "$1" && cd "$1" && pwd)
  for version in 2.3.0 1.20.3; do
    words=()
    for job in types kinds namespaces windows opstate; do
      words+=(${words[0]:+--} generate "$job" rocksdb canonical "$out/$version/$job")
    done
    run "$version" "${words[@]}"
  done
}

case ${1:-} in
  generate | verify)
    command=$1 version=$2
    shift 2
    run "$version" "$command" "$@"
    ;;
  fixtures)
    shift
    [[ $# -gt 0 ]] || set -- 2.3.0 1.20.3 1.16.3 2.0.1 1.8.3
    for version in "$@"; do
      make "$version" "$here/../fixtures"
    done
    ;;
  verify-fixtures)
    shift
    # Savepoints of 1.8 hold absolute paths and cannot be moved.
    [[ $# -gt 0 ]] || set -- 2.3.0 1.20.3 1.16.3 2.0.1
    for version in "$@"; do
      verify_made "$version" "$here/../fixtures"
    done
    ;;
  smoke)
    smoke "$2"
    ;;
  *)
    sed -n '2,7s/^# *//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
