package kobel.conformance.jobs;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import kobel.conformance.model.JobModel;
import kobel.conformance.model.KeyedModel;
import kobel.conformance.model.OperatorStateModel;
import kobel.conformance.model.OperatorStateModel.Mode;
import kobel.conformance.model.StateModel;
import kobel.conformance.model.TimerModel;
import kobel.conformance.model.TimerModel.Domain;
import kobel.conformance.model.Write;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;

/** Much and little: many phases, large values, many states, no entries at all, and operators that have finished. */
public final class SizesJob {
    private static final int SERIES_PHASES = 40;
    private static final int MEGABYTE = 1 << 20;

    private SizesJob() {}

    /** Every phase overwrites, appends to and deletes a part of the keys, for long series of incremental checkpoints. */
    public static JobModel series() {
        List<Object> keys = new ArrayList<>();
        for (int i = 0; i < 150; i++) {
            keys.add("key " + i * 7919 % 1000);
        }
        StateModel value = StateModel.value("value", Types.STRING);
        StateModel list = StateModel.list("list", Types.LONG);
        StateModel map = StateModel.map("map", Types.INT, Types.STRING);
        StateModel reducing = StateModel.reducing("reducing", Types.LONG, new Functions.Sum());
        TimerModel timers = new TimerModel("series-timers", null);
        for (int phase = 0; phase < SERIES_PHASES; phase++) {
            for (int key = phase % 5; key < keys.size(); key += phase == 0 ? 1 : 5) {
                boolean isDeleted = (key / 5 + phase) % 7 == 3;
                if (isDeleted) {
                    value.write(phase, key, Write.clear());
                    list.write(phase, key, Write.clear());
                    map.write(phase, key, phase % 2 == 0 ? Write.clear() : Write.remove(phase - 5));
                    reducing.write(phase, key, Write.clear());
                    timers.delete(phase, key, Domain.EVENT, 1_900_000_000_000L + phase - 5, null);
                } else {
                    value.write(phase, key, Write.set("phase " + phase + " of " + key + " " + "v".repeat(100 + key)));
                    list.write(phase, key, Write.add(1000L * phase + key));
                    map.write(phase, key, Write.put(phase, "m".repeat(key))).write(phase, key, Write.put(phase % 3, "three " + phase));
                    reducing.write(phase, key, Write.add((long) phase));
                    timers.register(phase, key, Domain.EVENT, 1_900_000_000_000L + phase, null);
                }
            }
        }
        return new JobModel("series").add(new KeyedModel("series", Types.STRING, keys).parallel(2, 128)
                .state(value).state(list).state(map).state(reducing).timers(timers));
    }

    /** Values, list elements and map entries of several MB. */
    public static JobModel large() {
        StateModel bytes = StateModel.value("bytes", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);
        StateModel text = StateModel.value("text", Types.STRING);
        StateModel list = StateModel.list("list", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);
        StateModel map = StateModel.map("map", Types.STRING, PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);
        for (int key = 0; key < 3; key++) {
            bytes.write(0, key, Write.set(noise(key, key * 2 * MEGABYTE + 17)));
            text.write(0, key, Write.set("text \u00e4 \ud83d\ude00 ".repeat(100_000 * key)));
            list.write(0, key, Write.add(noise(10, MEGABYTE / 2))).write(0, key, Write.add(noise(key, key * MEGABYTE))).write(0, key, Write.add(noise(3, 10)));
            map.write(0, key, Write.put("large", noise(key + 20, key * 3 * MEGABYTE / 2))).write(0, key, Write.put("small", noise(1, 1)));
        }
        bytes.write(1, 1, Write.set(noise(5, MEGABYTE)));
        map.write(1, 2, Write.remove("large"));
        return new JobModel("large").add(new KeyedModel("large", Types.STRING, Arrays.asList("a", "b", "c")).parallel(2, 128)
                .state(bytes).state(text).state(list).state(map));
    }

    private static byte[] noise(int seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** A thousand states in four operators: RocksDB takes a time that grows with the square to create them. */
    public static JobModel manyStates() {
        JobModel job = new JobModel("many-states");
        KeyedModel operator = null;
        for (int i = 0; i < 1000; i++) {
            if (i % 250 == 0) {
                operator = new KeyedModel("many-states-" + i / 250, Types.INT, Arrays.asList(1, 2, 3)).parallel(1, 128);
                job.add(operator);
            }
            String name = "state-" + i + (i % 10 == 0 ? " \u00e4\u72b6" : "") + (i % 100 == 7 ? "-" + "long".repeat(60) : "");
            StateModel state = i % 3 == 0 ? StateModel.value(name, Types.INT)
                    : i % 3 == 1 ? StateModel.list(name, Types.STRING) : StateModel.map(name, Types.STRING, Types.INT);
            for (int key = 0; key < i % 4; key++) {
                state.write(0, key, i % 3 == 0 ? Write.set(i * 10 + key) : i % 3 == 1 ? Write.add("of " + i + " " + key) : Write.put("of " + i, key));
            }
            operator.state(state);
        }
        return job;
    }

    /** States and timers that never held anything, some that hold nothing any more, and one entry beside. */
    public static JobModel empty() {
        KeyedModel never = new KeyedModel("empty-never", Types.STRING, Arrays.asList("a", "b")).parallel(2, 128);
        KeyedModel cleared = new KeyedModel("empty-cleared", Types.LONG, Arrays.asList(1L, 2L)).parallel(2, 128);
        for (KeyedModel operator : List.of(never, cleared)) {
            StateModel value = StateModel.value("value", Types.STRING);
            StateModel list = StateModel.list("list", Types.LONG);
            StateModel map = StateModel.map("map", Types.INT, Types.STRING).withTtl();
            if (operator == cleared) {
                for (int key = 0; key < 2; key++) {
                    value.write(0, key, Write.set("x")).write(0, key, Write.clear());
                    list.write(0, key, Write.add(1L)).write(0, key, Write.setList(new ArrayList<>()));
                    map.write(0, key, Write.put(1, "x")).write(0, key, Write.remove(1));
                }
            }
            operator.state(value).state(list).state(map).timers(new TimerModel("empty-timers", null));
        }
        KeyedModel one = new KeyedModel("empty-but-one", Types.INT, Arrays.asList(7)).parallel(2, 128)
                .state(StateModel.value("one", Types.STRING).write(0, 0, Write.set("")));
        return new JobModel("empty").add(never).add(cleared).add(one)
                .add(new OperatorStateModel("empty-lists", 2, 128)
                        .list("list", Mode.SPLIT_DISTRIBUTE, Types.LONG, Collections.nCopies(2, List.of()))
                        .list("union", Mode.UNION, Types.LONG, Collections.nCopies(2, List.of()))
                        .broadcast("broadcast", Types.STRING, Types.LONG, Map.of()));
    }

    /** One operator goes on, another has finished with its source. */
    public static JobModel finished() {
        KeyedModel live = new KeyedModel("finished-not", Types.LONG, Arrays.asList(1L, 2L, 3L, 4L, 5L)).parallel(2, 128);
        KeyedModel done = new KeyedModel("finished-done", Types.LONG, Arrays.asList(1L, 2L, 3L)).parallel(2, 128).ending();
        for (KeyedModel operator : List.of(live, done)) {
            StateModel value = StateModel.value("value", Types.STRING);
            StateModel list = StateModel.list("list", Types.LONG);
            for (int key = 0; key < operator.keys.size(); key++) {
                for (int phase = 0; phase < 3; phase++) {
                    value.write(phase, key, Write.set("phase " + phase + " of " + key));
                    list.write(phase, key, Write.add(10L * phase + key));
                }
            }
            operator.state(value).state(list);
        }
        return new JobModel("finished").add(live).add(done);
    }
}
