#!/usr/bin/env bash
# Makes savepoints and checkpoints with real Flink. See README.md.
#   run.sh generate VERSION JOB BACKEND FORMAT OUTDIR [name=value …]
#   run.sh verify VERSION JOB SNAPSHOT [name=value …]
#   run.sh fixtures [VERSION…]
#   run.sh verify-fixtures [VERSION…]
#   run.sh write VERSION [OUTDIR]
#   run.sh edit VERSION [OUTDIR]
#   run.sh smoke OUTDIR
#   run.sh serializers VERSION INPUT OUTPUT
#   run.sh random-values VERSION OUTPUT COUNT SEED
#   run.sh families OUTDIR [VERSION…]
#   run.sh verify-families OUTDIR [VERSION…]
#   run.sh full OUTDIR [VERSION…]
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

# Maven's profiles, and more options.
profiles() {
  case $1 in
    2.0.1) echo -Pflink-2 ;;
    2.3.*) echo -Pflink-2,avro,changelog,forst,state-processor ;;
    2.*) echo -Pflink-2,avro,changelog,forst ;;
    1.8.*) echo -Pflink-1.8 ;;
    1.20.*) echo -Pflink-1.16,avro,changelog,state-processor -Dprocessor.version=1.20.0 ;;
    1.16.*) echo -Pflink-1.16,avro,state-processor ;;
    *) echo -Pflink-1.16,avro ;;
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
  touch "$target/started.$$"
  # shellcheck disable=SC2046
  (cd "$here" && mvn -q -B $(profiles "$1") "-Dflink.version=$1" compile dependency:build-classpath "-Dmdep.outputFile=target/$1/classpath.txt" >&2)
  mv "$target/started.$$" "$target/built"
}

# run VERSION COMMAND… [-- COMMAND…]: all in one process.
run() {
  local version=$1
  shift
  build "$version"
  # Times print the same everywhere.
  java -Xmx2g "${opens[@]}" -Duser.timezone=UTC "-Dflink.version=$version" -Dorg.slf4j.simpleLogger.defaultLogLevel="${LOG:-error}" \
    -cp "$here/target/$version/classes:$(cat "$here/target/$version/classpath.txt")${EXTRA_CLASSPATH:+:$EXTRA_CLASSPATH}" kobel.conformance.Main "$@"
}

# Flink writes the directory's name into checkpoints, so fixtures are made in a neutral place and copied.
workplace=${WORKPLACE:-/tmp/kobel-fixture}
# ONLY=REGEXP takes of fixtures and families those whose BACKEND/NAME matches.
only=${ONLY:-.}

# The fixtures of a version and backend: lines of "name job format [options]". All together stay below 20 MB: the newest
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
    echo "kinds-zstd kinds-small checkpoint phases=2 state.backend.rocksdb.compression.per.level=ZSTD_COMPRESSION"
  fi
}

# The families of formats, by version and backend: the same kind of lines. They are made outside the repository; the few of
# committed_families are fixtures too.
families_of() {
  local version=$1 backend=$2
  case $version in
    1.8.*) return ;;
  esac
  if [[ $backend == forst ]]; then
    case $version in
      2.*) families_of_forst ;;
    esac
    return
  fi
  echo "few-checkpoint few checkpoint retained=3"
  echo "inline-checkpoint few checkpoint threshold=1000000"
  echo "compressed-checkpoint few checkpoint compression=true"
  echo "compressed-native few native compression=true"
  echo "changelog few checkpoint changelog=log"
  echo "changelog-materialized few checkpoint changelog=materialized pause=1300"
  echo "changelog-compressed few checkpoint changelog=log compression=true"
  echo "changelog-native few native changelog=log"
  echo "changelog-canonical few canonical changelog=log"
  echo "unaligned unaligned checkpoint unaligned=true phases=1"
  echo "finished finished checkpoint"
  echo "sequence sequence checkpoint phases=1"
  echo "sequence-savepoint sequence canonical"
  echo "raw raw checkpoint"
  echo "raw-savepoint raw canonical"
  echo "rescaled rescaled checkpoint phases=2 rescale=2,5"
  echo "wide wide canonical"
  echo "wide-checkpoint wide checkpoint"
  echo "large large canonical"
  echo "large-checkpoint large checkpoint phases=2"
  echo "many-states many-states canonical levels=small"
  echo "many-states-checkpoint many-states checkpoint phases=1 threshold=100000 levels=small"
  echo "empty empty canonical"
  echo "empty-native empty native"
  echo "empty-checkpoint empty checkpoint"
  case $version in
    1.20.* | 2.*)
      echo "merged few checkpoint merging=within"
      echo "merged-across few checkpoint merging=across retained=3"
      echo "merged-opstate opstate checkpoint merging=across"
      ;;
  esac
  case $version in
    2.*)
      echo "async async-plain native"
      echo "async-checkpoint async-plain checkpoint"
      ;;
  esac
  if [[ $backend == rocksdb ]]; then
    echo "full-checkpoint few checkpoint incremental=false"
    echo "full-compressed few checkpoint incremental=false compression=true"
    echo "heap-timers few checkpoint timers=heap"
    echo "heap-timers-full few checkpoint timers=heap incremental=false"
    echo "heap-timers-canonical few canonical timers=heap"
    echo "series series checkpoint phases=37 restart=9 claim=true retained=3 levels=small"
    echo "rescaled-claimed rescaled checkpoint phases=2 rescale=2,5 claim=true"
    echo "bzip2 few checkpoint state.backend.rocksdb.compression.per.level=BZLIB2_COMPRESSION"
    echo "bloom few checkpoint state.backend.rocksdb.use-bloom-filter=true"
    echo "partitioned few checkpoint state.backend.rocksdb.use-bloom-filter=true state.backend.rocksdb.memory.partitioned-index-filters=true"
    echo "rescaled-ingested rescaled checkpoint phases=2 rescale=2,5 ingest=true"
  fi
}

# ForSt has no canonical savepoints.
families_of_forst() {
  echo "few-checkpoint few checkpoint retained=3"
  echo "full-checkpoint few checkpoint incremental=false"
  echo "compressed-checkpoint few checkpoint compression=true"
  echo "native few native"
  echo "windows-native windows native phases=2"
  echo "opstate-checkpoint opstate checkpoint phases=1"
  echo "types-native types-split native"
  echo "large-checkpoint large checkpoint phases=2"
  echo "empty-checkpoint empty checkpoint"
  echo "series series checkpoint phases=37 restart=9 claim=true"
  echo "rescaled rescaled checkpoint phases=2 rescale=2,5"
  echo "async async native"
  echo "async-checkpoint async checkpoint"
}

# The families that are fixtures of 2.3.0 too: BACKEND/NAME.
committed_families='^(forst/(few-checkpoint|native|async)|rocksdb/(changelog-materialized|merged|unaligned|heap-timers|full-checkpoint|raw)|hashmap/(changelog|merged-across|finished|sequence|raw|unaligned|empty))$'

# list fixtures|families VERSION: the same with the place: "directory job backend format [options]".
list() {
  local backend name job format options
  for backend in hashmap rocksdb forst; do
    if [[ $1 == fixtures && $backend != forst ]]; then
      fixtures_of "$2" "$backend"
    fi | while read -r name job format options; do
      echo "$backend/$name $job $backend $format $options"
    done
    families_of "$2" "$backend" | while read -r name job format options; do
      if [[ $1 == families || $2 == 2.3.0 && $backend/$name =~ $committed_families ]]; then
        echo "$backend/$name $job $backend $format $options"
      fi
    done
  done | while read -r name options; do
    if [[ $name =~ $only ]]; then
      echo "$name $options"
    fi
  done
}

# make fixtures|families VERSION DIRECTORY: all of the version's, in one process.
make() {
  local version=$2 words=() directories=() directory job backend format options status=0
  while read -r directory job backend format options; do
    # shellcheck disable=SC2206
    words+=(${words[0]:+--} generate "$job" "$backend" "$format" "$workplace/$version/$directory" $options)
    directories+=("$directory")
  done < <(list "$1" "$version")
  [[ ${#words[@]} -gt 0 ]] || return 0
  rm -rf "${workplace:?}/$version"
  run "$version" "${words[@]}" || status=1
  for directory in "${directories[@]}"; do
    rm -rf "${3:?}/$version/$directory"
    mkdir -p "$3/$version/$directory"
    if [[ -n $(find "$workplace/$version/$directory" -maxdepth 1 -name 'expected.json*') ]]; then
      cp -R "$workplace/$version/$directory/." "$3/$version/$directory"
    fi
  done
  find "$3/$version" -type d -empty -delete
  return $status
}

# verify_made fixtures|families VERSION DIRECTORY: restores each of the version in real Flink and compares what it finds.
verify_made() {
  local version=$2 words=() directory job backend format options expected place
  # Checkpoints are found only where they were made.
  rm -rf "${workplace:?}/$version"
  mkdir -p "$workplace"
  cp -R "$3/$version" "$workplace/$version"
  while read -r directory job backend format options; do
    place=$workplace/$version/$directory
    expected=$(find "$place" -maxdepth 1 -name 'expected.json*' 2>/dev/null)
    [[ -n $expected ]] || continue
    if [[ $version == 1.8.* ]]; then
      # Savepoints of 1.8 name their files by the path they were written under.
      mkdir -p "$place/savepoints"
      ln -sfn ../snapshot "$place/$(grep -ao 'savepoints/savepoint-[0-9a-f]*-[0-9a-f]*' "$place/snapshot/_metadata" | head -n 1)"
    fi
    # shellcheck disable=SC2206
    words+=(${words[0]:+--} verify "$job" "$place/$(member snapshot "$expected")" "backend=$backend" $options "phases=$(member phases "$expected")")
  done < <(list "$1" "$version")
  [[ ${#words[@]} -gt 0 ]] || return 0
  run "$version" "${words[@]}"
}

# member NAME FILE: a number or string of expected.json.
member() {
  zcat -f "$2" | sed -n "s/^  \"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},*$/\1/p" | head -n 1
}

versions=(2.3.0 1.20.3 1.16.3 2.0.1 1.8.3)

# each COMMAND SET DIRECTORY VERSION…: goes on after a version that failed.
each() {
  local command=$1 set=$2 directory=$3 version status=0
  shift 3
  for version in "$@"; do
    "$command" "$set" "$version" "$directory" || status=1
  done
  return $status
}

# full DIRECTORY VERSION…: makes fixtures and families afresh, verifies them with Flink and compares what kobel reads of them
# (KOBEL says where kobel is built); the result is written into results.json.
full() {
  local out set kobel=${KOBEL:-$here/../build} status=0 started=$SECONDS
  out=$(mkdir -p "$1" && cd "$1" && pwd)
  shift
  for set in fixtures families; do
    mkdir -p "$out/$set"
    each make "$set" "$out/$set" "$@" >"$out/made-$set.log" || status=1
    each verify_made "$set" "$out/$set" "$@" >"$out/verified-$set.log" || status=1
    node "$kobel/scripts/compare-fixtures.js" "$out/$set" --fields "$here/fields.json" --gaps "$here/known-gaps.txt" \
      --json "$out/compared-$set.json" || status=1
  done
  node "$here/results.mjs" "$out" "$here/results.json" "$((SECONDS - started))"
  return $status
}

# Everything at once for somebody who changed a reader or writer: all types, all kinds of state, two versions.
smoke() {
  local out version job words
  out=$(mkdir -p "$1" && cd "$1" && pwd)
  for version in 2.3.0 1.20.3; do
    words=()
    for job in types kinds namespaces windows opstate; do
      words+=(${words[0]:+--} generate "$job" rocksdb canonical "$out/$version/$job")
    done
    run "$version" "${words[@]}"
    smoke_proof "$version" "$out"
  done
}

# shellcheck source=proof.sh
source "$here/proof.sh"

case ${1:-} in
  generate | verify | plan | resume | read | dispose | serializers | random-values)
    command=$1 version=$2
    shift 2
    run "$version" "$command" "$@"
    ;;
  fixtures)
    shift
    [[ $# -gt 0 ]] || set -- "${versions[@]}"
    each make fixtures "$here/../fixtures" "$@"
    ;;
  verify-fixtures)
    shift
    [[ $# -gt 0 ]] || set -- "${versions[@]}"
    each verify_made fixtures "$here/../fixtures" "$@"
    ;;
  families | verify-families)
    command=$([[ $1 == families ]] && echo make || echo verify_made)
    out=$(mkdir -p "$2" && cd "$2" && pwd)
    shift 2
    [[ $# -gt 0 ]] || set -- "${versions[@]}"
    each "$command" families "$out" "$@"
    ;;
  full)
    out=$2
    shift 2
    [[ $# -gt 0 ]] || set -- "${versions[@]}"
    full "$out" "$@"
    ;;
  write | edit)
    out=${3:-$(mktemp -d)}
    mkdir -p "$out"
    "${1}_proof" "$2" "$out" | tee "$out/$1.log"
    ;;
  smoke)
    smoke "$2"
    ;;
  *)
    sed -n '2,14s/^# *//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
