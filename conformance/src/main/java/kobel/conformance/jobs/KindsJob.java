package kobel.conformance.jobs;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import kobel.conformance.flink.Flink;
import kobel.conformance.flink.VersionSamples;
import kobel.conformance.model.JobModel;
import kobel.conformance.model.KeyedModel;
import kobel.conformance.model.StateModel;
import kobel.conformance.model.TimerModel;
import kobel.conformance.model.TimerModel.Domain;
import kobel.conformance.model.Write;
import kobel.conformance.types.Pojos.Seat;
import kobel.conformance.types.Weekday;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;

/**
 * All kinds of keyed state, with and without TTL, filled, cleared and never written, and user timers, in operators with
 * different key types, parallelism and max parallelism. Later phases overwrite, delete and append.
 */
public final class KindsJob {
    private static final long EVENT_TIME = 1_900_000_000_000L;
    private static final long PROCESSING_TIME = 4_000_000_000_000L;

    private KindsJob() {}

    public static JobModel model() {
        JobModel job = new JobModel("kinds")
                .add(everything("kinds-long", Types.LONG, longs(40)).parallel(2, 128))
                .add(everything("kinds-int", Types.INT, ints(24)).parallel(3, 300))
                .add(everything("kinds-tuple", Types.TUPLE(Types.STRING, Types.INT), tuples(12)).parallel(2, 1000))
                .add(simple("kinds-pojo", Types.POJO(Seat.class), seats()).parallel(1, 128))
                .add(simple("kinds-row", Types.ROW(Types.STRING, Types.LONG), rows()).parallel(2, 128))
                .add(simple("kinds-string", Types.STRING, TypesJob.KEYS).parallel(4, 301))
                .add(simple("kinds-decimal", Types.BIG_DEC, decimals()).parallel(1, 7))
                .add(simple("kinds-big-integer", Types.BIG_INT, Arrays.asList(BigInteger.ONE, new BigInteger("2"), BigInteger.ONE.shiftLeft(70).negate())).parallel(1, 129))
                .add(simple("kinds-double", Types.DOUBLE, Arrays.asList(0.0, -0.0, 1.5, -1e300)).parallel(2, 256))
                .add(simple("kinds-boolean", Types.BOOLEAN, Arrays.asList(true, false)).parallel(1, 1))
                .add(simple("kinds-short", Types.SHORT, Arrays.asList((short) -1, (short) 0, Short.MAX_VALUE)).parallel(1, 128))
                .add(simple("kinds-char", Types.CHAR, Arrays.asList('a', '\uffff')).parallel(1, 128));
        VersionSamples.keys().forEach(keys -> job.add(simple("kinds-" + keys.name(), keys.type(), keys.values()).parallel(2, 128)));
        return job;
    }

    /** A few states of each kind, for the formats that make many files. */
    public static JobModel small() {
        KeyedModel few = new KeyedModel("kinds-long", Types.LONG, longs(40)).parallel(2, 128);
        for (StateModel state : states("", few.keys.size())) {
            if (!state.name.startsWith("map-by-") && !state.name.equals("joining")) {
                few.state(state);
            }
        }
        for (StateModel state : states("ttl-", few.keys.size())) {
            if (state.name.matches("ttl-(value|list|map|aggregating)")) {
                few.state(state.withTtl());
            }
        }
        return new JobModel("kinds-small")
                .add(few.timers(timers(few.keys.size())))
                .add(simple("kinds-tuple", Types.TUPLE(Types.STRING, Types.INT), tuples(12)).parallel(1, 300))
                .add(simple("kinds-string", Types.STRING, TypesJob.KEYS).parallel(2, 128));
    }

    /** One operator with a few states, for the families of formats that make many files. */
    public static JobModel few() {
        KeyedModel few = new KeyedModel("few-long", Types.LONG, longs(40)).parallel(2, 128);
        addFew(few);
        return new JobModel("few").add(few.timers(timers(few.keys.size())));
    }

    /** Two operators of three subtasks each, with a max parallelism that neither 2, 3 nor 5 divides evenly. */
    public static JobModel rescaled() {
        KeyedModel few = new KeyedModel("rescaled-int", Types.INT, ints(400)).parallel(3, 300);
        addFew(few);
        return new JobModel("rescaled")
                .add(few.timers(timers(few.keys.size())))
                .add(simple("rescaled-tuple", Types.TUPLE(Types.STRING, Types.INT), tuples(50)).parallel(3, 128));
    }

    static void addFew(KeyedModel operator) {
        for (StateModel state : states("", operator.keys.size())) {
            if (state.name.matches("value|list|map|reducing|aggregating|never-map")) {
                operator.state(state);
            }
        }
        for (StateModel state : states("ttl-", operator.keys.size())) {
            if (state.name.matches("ttl-(value|map)")) {
                operator.state(state.withTtl());
            }
        }
    }

    /** The largest max parallelism; its key-group offsets alone fill 256 KiB of the metadata. */
    public static JobModel wide() {
        return new JobModel("wide").add(everything("wide-tuple", Types.TUPLE(Types.STRING, Types.INT), tuples(12)).parallel(2, 32768));
    }

    /** All kinds of state under three types of keys, a few under others. */
    static List<KeyedModel> ledger() {
        return List.of(
                everything("ledger-long", Types.LONG, longs(40)),
                everything("ledger-string", Types.STRING, TypesJob.KEYS),
                everything("ledger-tuple", Types.TUPLE(Types.STRING, Types.INT), tuples(12)),
                simple("ledger-pojo", Types.POJO(Seat.class), seats()),
                simple("ledger-row", Types.ROW(Types.STRING, Types.LONG), rows()),
                simple("ledger-int", Types.INT, ints(24)),
                simple("ledger-decimal", Types.BIG_DEC, decimals()),
                simple("ledger-double", Types.DOUBLE, Arrays.asList(0.0, -0.0, 1.5, -1e300)));
    }

    static List<KeyedModel> ledgerWide() {
        KeyedModel few = new KeyedModel("ledger-long", Types.LONG, longs(40));
        addFew(few);
        return List.of(few.timers(timers(few.keys.size())), simple("ledger-string", Types.STRING, TypesJob.KEYS));
    }

    static List<KeyedModel> ledgerEdit() {
        return List.of(everything("ledger-long", Types.LONG, longs(40)),
                simple("ledger-tuple", Types.TUPLE(Types.STRING, Types.INT), tuples(12)), simple("ledger-pojo", Types.POJO(Seat.class), seats()));
    }

    private static KeyedModel everything(String uid, TypeInformation<?> type, List<?> keys) {
        KeyedModel operator = new KeyedModel(uid, type, keys);
        for (boolean ttl : new boolean[] {false, true}) {
            for (StateModel state : states(ttl ? "ttl-" : "", keys.size())) {
                operator.state(ttl ? state.withTtl() : state);
            }
        }
        return operator.timers(timers(keys.size()));
    }

    private static List<StateModel> states(String prefix, int keys) {
        StateModel value = StateModel.value(prefix + "value", Types.STRING);
        StateModel list = StateModel.list(prefix + "list", Types.LONG);
        StateModel map = StateModel.map(prefix + "map", Types.STRING, Types.TUPLE(Types.INT, Types.STRING));
        StateModel dated = StateModel.map(prefix + "map-of-nulls", Types.LONG, Types.STRING);
        StateModel byTuple = StateModel.map(prefix + "map-by-tuple", Types.TUPLE(Types.STRING, Types.BOOLEAN), Types.LONG);
        StateModel byEnum = StateModel.map(prefix + "map-by-enum", Types.ENUM(Weekday.class), Types.LIST(Types.INT));
        StateModel reducing = StateModel.reducing(prefix + "reducing", Types.LONG, new Functions.Sum());
        StateModel joining = StateModel.reducing(prefix + "joining", Types.STRING, new Functions.Join());
        StateModel aggregating = StateModel.aggregating(prefix + "aggregating", Types.TUPLE(Types.LONG, Types.INT), new Functions.Mean());
        StateModel cleared = StateModel.value(prefix + "cleared", Types.INT);
        for (int key = 0; key < keys; key++) {
            value.write(0, key, Write.set(key % 7 == 0 ? "" : "value of " + key));
            list.write(0, key, Write.add(44L * key)).write(0, key, Write.addAll(0x2c2c2c2cL, -1L - key));
            for (int i = 0; i < 1 + key % 4; i++) {
                map.write(0, key, Write.put("m" + i * 11, Tuple2.of(key + i, i == 2 ? null : "x" + i)));
                dated.write(0, key, Write.put(1000L * i - 2, i % 2 == 0 ? "seen" : null));
                reducing.write(0, key, Write.add(1_000_000_007L * i + key));
                joining.write(0, key, Write.add("p" + i));
                aggregating.write(0, key, Write.add(3 * i - key));
            }
            byTuple.write(0, key, Write.put(Tuple2.of("t" + key, key % 2 == 0), (long) key));
            byEnum.write(0, key, Write.put(Weekday.values()[key % 7], Arrays.asList(key, 44)));
            cleared.write(0, key, Write.set(key)).write(0, key, Write.clear());
        }
        for (int phase = 1; phase < 4; phase++) {
            later(phase, keys, value, list, map, reducing);
        }
        return List.of(value, list, map, dated, byTuple, byEnum, reducing, joining, aggregating, cleared,
                StateModel.list(prefix + "never-list", Types.STRING), StateModel.map(prefix + "never-map", Types.INT, Types.INT));
    }

    private static void later(int phase, int keys, StateModel value, StateModel list, StateModel map, StateModel reducing) {
        for (int key = phase; key < keys; key += 3) {
            if (key % 5 == phase) {
                value.write(phase, key, Write.clear());
                list.write(phase, key, Write.clear());
                map.write(phase, key, Write.clear());
                reducing.write(phase, key, Write.clear());
            } else {
                value.write(phase, key, Write.set("phase " + phase + " of " + key));
                list.write(phase, key, Write.add(1000L * phase));
                map.write(phase, key, Write.put("m0", Tuple2.of(-phase, null))).write(phase, key, Write.remove("m11"))
                        .write(phase, key, Write.put("p" + phase, Tuple2.of(phase, "new")));
                reducing.write(phase, key, Write.add(-7L));
            }
            if (key % 4 == phase) {
                list.write(phase, key, Write.setList(Arrays.asList(5L, 6L)));
            }
        }
    }

    private static KeyedModel simple(String uid, TypeInformation<?> type, List<?> keys) {
        StateModel value = StateModel.value("value", Types.LONG);
        StateModel map = StateModel.map("map", Types.INT, Types.STRING);
        for (int key = 0; key < keys.size(); key++) {
            value.write(0, key, Write.set(1L << key));
            map.write(0, key, Write.put(key, "v")).write(0, key, Write.put(-1, null));
            value.write(1 + key % 3, key, key % 2 == 0 ? Write.clear() : Write.set(-5L));
        }
        return new KeyedModel(uid, type, keys).state(value).state(map).timers(timers(keys.size()));
    }

    private static TimerModel timers(int keys) {
        TimerModel timers = new TimerModel("user-timers", null);
        for (int key = 0; key < keys; key++) {
            timers.register(0, key, Domain.EVENT, EVENT_TIME + key * 500L, null);
            timers.register(0, key, Domain.EVENT, EVENT_TIME, null);
            if (key % 3 == 0) {
                timers.register(0, key, Domain.PROCESSING, PROCESSING_TIME + key, null);
                timers.register(1, key, Domain.EVENT, EVENT_TIME - 1, null);
                timers.delete(2, key, Domain.EVENT, EVENT_TIME, null);
            }
        }
        return timers;
    }

    private static List<Long> longs(int count) {
        List<Long> keys = new ArrayList<>(Arrays.asList(0L, -1L, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 32));
        for (long i = keys.size(); i < count; i++) {
            keys.add(i * i * i * 1_234_567_891L * (i % 2 == 0 ? 1 : -1));
        }
        return keys;
    }

    private static List<Integer> ints(int count) {
        List<Integer> keys = new ArrayList<>(Arrays.asList(0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE));
        for (int i = keys.size(); i < count; i++) {
            keys.add(i * 97 - 700);
        }
        return keys;
    }

    private static List<Object> tuples(int count) {
        List<Object> keys = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            keys.add(Tuple2.of(i % 3 == 0 ? "" : "t" + i, i - 5));
        }
        keys.add(Tuple2.of("\u0000\ud800", Integer.MIN_VALUE));
        return keys;
    }

    private static List<Object> seats() {
        List<Object> keys = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            keys.add(new Seat(i % 4 == 3 ? null : "row " + i, i * 31 - 9, i % 5 == 4 ? null : Weekday.values()[i % 7]));
        }
        return keys;
    }

    private static List<Object> rows() {
        return Arrays.asList(Flink.row("+I", "a", 1L), Flink.row("+I", "", -1L), Flink.row("+I", null, 1L), Flink.row("+I", "x", null),
                Flink.row("+I", null, null), Flink.row("+I", "\ud83d\ude00", Long.MAX_VALUE));
    }

    private static List<Object> decimals() {
        return Arrays.asList(new BigDecimal("12.50"), new BigDecimal("12.5"), BigDecimal.ZERO, new BigDecimal("-1E-20"), new BigDecimal("123456789012345678901234567890.5"));
    }
}
