# What kobel writes and edits, proved by real Flink; part of run.sh.

# CHECKS=REGEXP takes of the checks those that match, such as "backend=rocksdb parallelism=5".

kobel() {
  node "${KOBEL:-$here/../build}/src/cli/main.js" "$@"
}

# The plans that are written: lines of "name job [options]". ONLY=REGEXP takes those whose name matches.
plans_of() {
  local version=$1
  echo "ledger-128 ledger maxParallelism=128"
  echo "ledger-300 ledger maxParallelism=300"
  echo "ledger-32768 ledger-wide maxParallelism=32768"
  echo "ledger-snapshots ledger maxParallelism=128 types=snapshots"
  echo "kinds kinds"
  echo "types types"
  echo "namespaces namespaces"
  echo "avro avro types=snapshots"
}

# What real Flink does with each (ForSt restores no canonical savepoint: "Not support restoring yet"): lines of "check [options]".
checks_of() {
  local version=$1 name=$2 backend parallelism
  case $name in
    ledger-snapshots | kinds | types* | namespaces | avro)
      echo "resume backend=rocksdb"
      echo "resume backend=hashmap"
      ;;
    ledger-*)
      for backend in hashmap rocksdb; do
        for parallelism in 1 2 5; do
          echo "resume backend=$backend parallelism=$parallelism"
        done
      done
      ;;
  esac
  case $name in
    ledger-128)
      echo "resume backend=hashmap claim=true"
      echo "resume backend=rocksdb claim=true"
      echo "dispose"
      ;;
  esac
  case $name in
    types | avro) ;;
    *) [[ $version == 2.0.* ]] || echo "read" ;;
  esac
}

# write_proof VERSION DIRECTORY: plans and rows from the model, savepoints from kobel, and what real Flink finds in them.
write_proof() {
  local version=$1 out=$2 name job options words=() check place status=0 count=0
  out=$(mkdir -p "$out" && cd "$out" && pwd)
  while read -r name job options; do
    # shellcheck disable=SC2206
    [[ ! $name =~ $only ]] || words+=(${words[0]:+--} plan "$job" "$out/$name" $options)
  done < <(plans_of "$version")
  run "$version" "${words[@]}" || status=1
  words=()
  while read -r name job options; do
    [[ $name =~ $only && -e $out/$name/plan.json ]] || continue
    if ! kobel write "$out/$name/plan.json" --rows "$out/$name/rows.jsonl" --to "$out/$name/savepoint" >"$out/$name/written.log" 2>&1; then
      echo "FAILED write $name: $(tail -n 1 "$out/$name/written.log")"
      status=1
      continue
    fi
    while read -r check; do
      [[ $check =~ ${CHECKS:-.} ]] || continue
      place=$out/$name/savepoint
      case $check in
        *claim* | dispose)
          # Flink deletes it.
          count=$((count + 1))
          place=$place-$count
          cp -R "$out/$name/savepoint" "$place"
          ;;
      esac
      # shellcheck disable=SC2206
      case $check in
        dispose) words+=(${words[0]:+--} dispose "$place") ;;
        *) words+=(${words[0]:+--} ${check%% *} "$job" "$place" phases=1 $options ${check#"${check%% *}"}) ;;
      esac
    done < <(checks_of "$version" "$name")
  done < <(plans_of "$version")
  run "$version" "${words[@]}" || status=1
  return $status
}

# edit_one NAME SNAPSHOT TARGET: what Edits.java tells the model.
edit_one() {
  local name=$1 from=$2 to=$3 now
  now=$(date +%s000)
  case $name in
    uid) kobel rename "$from" ledger-long --uid ledger-renamed --to "$to" ;;
    uid-hash) kobel rename "$from" ledger-tuple --uid-hash 0123456789abcdef0123456789abcdef --to "$to" ;;
    state-name) apply_json '{"ledger-long": {"states": {"value": {"rename": "balance"}, "ttl-map": {"rename": "map kept for a while"}}}}' ;;
    remove-state) kobel remove "$from" ledger-long --state map ttl-list --to "$to" ;;
    remove-operator) kobel remove "$from" ledger-tuple --to "$to" ;;
    delete-keys)
      apply_json '{"ledger-long": {"states": {"value": {"delete": [{"key": 0}, {"key": 4294967296}]},
        "ttl-aggregating": {"delete": [{"key": 0}]}, "list": {"delete": [{"key": 4294967296}]}}}}'
      ;;
    delete-map-entry) kobel delete "$from" ledger-long map --key 0 --map-key '"m0"' --to "$to" ;;
    delete-where) kobel delete "$from" ledger-long reducing --where 'value > 1000000020' --to "$to" ;;
    set-value)
      apply_json '{"ledger-long": {"states": {"value": {"set": [{"key": 0, "value": "edited"}]}, "cleared": {"set": [{"key": 0, "value": 7}]},
        "ttl-value": {"set": [{"key": 4294967296, "value": "edited too", "ttl": '"$now"'}]}}}}'
      ;;
    set-others)
      apply_json '{"ledger-long": {"states": {"list": {"set": [{"key": 0, "value": [7, 8]}]},
          "map": {"set": [{"key": 0, "mapKey": "added", "value": [5, "five"]}]},
          "reducing": {"set": [{"key": 0, "value": 77}]}, "aggregating": {"set": [{"key": 0, "value": [100, 4]}]}}},
        "ledger-pojo": {"states": {"value": {"set": [{"key": {"class": "kobel.conformance.types.Pojos$Seat",
          "fields": {"day": "MONDAY", "number": -9, "row": "row 0"}}, "value": -77}]}}}}'
      ;;
    set-field) kobel set "$from" ledger-long aggregating --field f0+=1000 --to "$to" ;;
    delete-timers) kobel delete "$from" ledger-long _timer_state/event_user-timers --where 'timestamp = 1900000000000' --to "$to" ;;
    set-timer) kobel set "$from" ledger-long _timer_state/event_user-timers --key 0 --timestamp 1900000000777 --to "$to" ;;
    shift-timers) apply_json '{"ledger-long": {"states": {"_timer_state/event_user-timers": {"shiftTimers": 3600000}}}}' ;;
    delete-window)
      apply_json '{"windows-tumbling": {"states": {"window-contents": {"delete": [{"key": 2}]},
          "_timer_state/event_window-timers": {"delete": [{"key": 2}]}}},
        "windows-session": {"states": {"window-contents": {"delete": [{"key": -1}]}, "merging-window-set": {"delete": [{"key": -1}]},
          "_timer_state/event_window-timers": {"delete": [{"key": -1}]}}}}'
      ;;
    delete-elements)
      apply_json '{"ledger-operator": {"states": {"numbers": {"deleteWhere": "value < 0"}, "rules": {"deleteWhere": "mapKey = \"limit\""}}}}'
      ;;
    ttl)
      apply_json '{"ledger-long": {"states": {"ttl-value": {"ttl": "remove"}, "ttl-map": {"ttl": "remove"}, "value": {"ttl": {"add": '"$now"'}}}}}'
      ;;
    type)
      apply_json '{"ledger-long": {"states": {"map": {"type": {"pojo": "kobel.conformance.types.Pojos$Address",
        "fields": {"street": "string", "number": "int"}}, "from": {"street": "f1", "number": "f0"}}}}}'
      ;;
    add-state)
      apply_json '{"ledger-long": {"states": {"added": {"add": {"kind": "value", "type": "string"},
        "set": [{"key": 0, "value": "new"}, {"key": 4294967296, "value": "new too"}]}}}}'
      ;;
    *) return 2 ;;
  esac
}

# apply_json OPERATORS: in edit_one.
apply_json() {
  echo "{\"operators\": $1}" >"$to.json"
  kobel apply "$to.json" --source "$from" --to "$to"
}

all_edits=(uid uid-hash state-name remove-state remove-operator delete-keys delete-map-entry delete-where set-value set-others set-field
  delete-timers set-timer shift-timers delete-window delete-elements ttl type add-state)

# Max parallelism, from one to another: lines of "job from to [options of the source]".
rescales_of() {
  echo "kinds 128 256"
  echo "kinds 128 300"
  echo "kinds 300 64"
  echo "ledger-edit 128 300"
  echo "ledger-edit 300 64"
  echo "ledger-wide 32768 128"
}

# What is converted to a canonical savepoint: lines of "name job backend format [options]".
conversions_of() {
  local version=$1 backend
  for backend in hashmap rocksdb; do
    echo "$backend-checkpoint few $backend checkpoint"
    echo "$backend-native few $backend native phases=3"
    echo "$backend-windows windows $backend native phases=2"
    echo "$backend-opstate opstate $backend native"
    case $version in
      1.16.*) ;;
      *) echo "$backend-changelog few $backend checkpoint changelog=log" ;;
    esac
    case $version in
      1.20.* | 2.*) echo "$backend-merged few $backend checkpoint merging=across" ;;
    esac
  done
  echo "rocksdb-heap-timers few rocksdb checkpoint timers=heap"
  echo "rocksdb-compressed few rocksdb checkpoint compression=true"
  case $version in
    2.3.*)
      echo "forst-checkpoint few forst checkpoint"
      echo "forst-native few forst native phases=3"
      ;;
  esac
}

# edit_proof VERSION DIRECTORY: real Flink makes savepoints, kobel edits them, and jobs go on with what the edits say.
edit_proof() {
  local version=$1 out status=0 words name job from to backend format options phases parallelism
  out=$(mkdir -p "$2" && cd "$2" && pwd)
  words=(generate ledger-edit rocksdb canonical "$out/edit" maxParallelism=128)
  while read -r job from to options; do
    # shellcheck disable=SC2206
    words+=(-- generate "$job" rocksdb canonical "$out/$job-$from-$to" "maxParallelism=$from" $options)
  done < <(rescales_of | grep -E "$only")
  while read -r name job backend format options; do
    # shellcheck disable=SC2206
    words+=(-- generate "$job" "$backend" "$format" "$out/convert-$name" $options)
  done < <(conversions_of "$version" | sed 's/^/convert-/' | grep -E "$only" | sed 's/^convert-//')
  run "$version" "${words[@]}" || status=1
  words=()
  for name in "${all_edits[@]}"; do
    [[ $name =~ $only ]] || continue
    edited "edit $name" "$out/edit-$name" edit_one "$name" "$out/edit/snapshot" "$out/edit-$name" || continue
    goes_on ledger-edit "$out/edit-$name" phases=1 maxParallelism=128 "edit=$name" backend=hashmap parallelism=1
    goes_on ledger-edit "$out/edit-$name" phases=1 maxParallelism=128 "edit=$name" backend=rocksdb parallelism=5
  done
  while read -r job from to options; do
    name=$job-$from-$to
    edited "rescale $name" "$out/rescaled-$name" kobel rescale "$out/$name/snapshot" --max-parallelism "$to" --to "$out/rescaled-$name" || continue
    for parallelism in 1 5; do
      goes_on "$job" "$out/rescaled-$name" phases=1 "maxParallelism=$to" backend=rocksdb "parallelism=$parallelism"
    done
    goes_on "$job" "$out/rescaled-$name" phases=1 "maxParallelism=$to" backend=hashmap parallelism=2
  done < <(rescales_of | grep -E "$only")
  while read -r name job backend format options; do
    from=$(snapshot_of "$out/convert-$name")
    phases=$(member phases "$(find "$out/convert-$name" -maxdepth 1 -name 'expected.json*')")
    edited "convert $name" "$out/converted-$name" kobel convert "$from" --to "$out/converted-$name" || continue
    # Into another backend than it comes from.
    if [[ $backend != rocksdb ]]; then
      goes_on "$job" "$out/converted-$name" "phases=$phases" more=1 backend=rocksdb parallelism=5
    fi
    if [[ $backend != hashmap ]]; then
      goes_on "$job" "$out/converted-$name" "phases=$phases" more=1 backend=hashmap parallelism=1
    fi
  done < <(conversions_of "$version" | sed 's/^/convert-/' | grep -E "$only" | sed 's/^convert-//')
  [[ ${#words[@]} -eq 0 ]] || run "$version" "${words[@]:1}" || status=1
  return $status
}

# goes_on WORD…: adds to words of edit_proof.
goes_on() {
  [[ "$*" =~ ${CHECKS:-.} ]] || return 0
  words+=(-- resume "$@")
}

# edited WHAT TARGET COMMAND…: runs it into a new target.
edited() {
  local what=$1 target=$2
  shift 2
  rm -rf "$target"
  if ! "$@" >"$target.log" 2>&1; then
    echo "FAILED $what: $(tail -n 1 "$target.log")"
    return 1
  fi
}

# snapshot_of DIRECTORY: the snapshot that was generated there.
snapshot_of() {
  echo "$1/$(member snapshot "$(find "$1" -maxdepth 1 -name 'expected.json*')")"
}

# smoke_proof VERSION DIRECTORY: one savepoint of a plan, two edits of it, and what real Flink does with them.
smoke_proof() {
  local version=$1 out=$2/$1 job=ledger-edit
  run "$version" plan $job "$out/plan" maxParallelism=128
  kobel write "$out/plan/plan.json" --rows "$out/plan/rows.jsonl" --to "$out/written"
  kobel rescale "$out/written" --max-parallelism 300 --to "$out/rescaled"
  edit_one set-value "$out/written" "$out/edited"
  run "$version" resume $job "$out/written" phases=1 maxParallelism=128 backend=rocksdb -- \
    resume $job "$out/rescaled" phases=1 maxParallelism=300 parallelism=5 -- \
    resume $job "$out/edited" phases=1 maxParallelism=128 edit=set-value
}
