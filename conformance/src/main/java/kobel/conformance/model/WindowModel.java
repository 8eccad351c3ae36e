package kobel.conformance.model;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import kobel.conformance.json.Json;
import kobel.conformance.json.Render;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * A window operator over numbers in the order of their event time; each phase ends with a watermark that fires the older
 * windows. The shape says which windows, and simulates them.
 */
public final class WindowModel extends OperatorModel {
    /** One kind of window operator: how Flink is told, and what it must then hold. */
    public interface Shape {
        SingleOutputStreamOperator<?> apply(KeyedStream<Integer, Long> stream, int operator);

        /** The states, as a reader may open them; an aggregating one gives its accumulator. */
        List<StateDescriptor<?, ?>> descriptors();

        TypeSerializer<?> windowSerializer();

        /** Adds keyedStates and timers, given the records of each key in order and the last watermark. */
        void describe(Map<String, Object> operator, Map<Long, List<Event>> records, long watermark);

        /** The windows of a plan. */
        Map<String, Object> plan(PlanTypes types);

        /** What the windows give (see {@link #result}) that are still open after the watermark, or after so many phases. */
        List<Object> results(Map<Long, List<Event>> records, long watermark, int phasesBefore);
    }

    /** A record and its event time. */
    public record Event(long timestamp, int value) {}

    private static final long START = 1_800_000_000_000L;
    private static final int STEPS = 60;
    private static final int KEYS = 5;

    /** The state that leads from merged windows to the windows their contents lie under. */
    public static final String MERGING = "merging-window-set";

    final Shape shape;
    private final Set<Long> forgotten = new HashSet<>();

    public WindowModel(String uid, Shape shape) {
        super(uid, uid);
        this.shape = shape;
    }

    @Override
    public void attach(StreamExecutionEnvironment env) {
        KeyedStream<Integer, Long> stream = steps(env).keyBy(new KeyOfRecord(), Types.LONG);
        if (Run.isVerifying()) {
            finish(stream.transform(name, Types.INT, new WindowReader(index)));
        } else {
            finish(shape.apply(stream, index));
        }
    }

    /** Enough for every subtask to get some. */
    @Override
    public List<Integer> verifySteps() {
        return Run.isResuming() ? List.of() : steps(0);
    }

    /** What a window gives. */
    public static Object result(Object key, Object window, List<?> contents) {
        return Json.object("key", Render.json(key), "window", Render.json(window), "gives", Render.json(contents));
    }

    @Override
    public List<Object> results(int phasesBefore, int phases) {
        return shape.results(records(phases), watermark(phasesBefore - 1), phasesBefore);
    }

    /** True for a record that came in the phases after so many. */
    public static boolean isLater(Event event, int phases) {
        return event.value >= phases * StepSource.PHASE;
    }

    @Override
    public Map<String, Object> plan(PlanTypes types) {
        if (types.isDescribed()) {
            return Json.object("key", types.of(Types.LONG), "windows", shape.plan(types));
        }
        List<Object> states = new ArrayList<>();
        for (StateDescriptor<?, ?> descriptor : shape.descriptors()) {
            Map<String, Object> state = Json.object("name", descriptor.getName(), "kind", kind(descriptor), "type", planType(descriptor, types));
            if (!descriptor.getName().equals(MERGING)) {
                state.put("namespace", types.of(shape.windowSerializer()));
            }
            states.add(state);
        }
        states.add(Json.object("name", "window-timers", "kind", "timer", "namespace", types.of(shape.windowSerializer())));
        return Json.object("key", types.of(Types.LONG), "states", states);
    }

    private static String kind(StateDescriptor<?, ?> descriptor) {
        return descriptor.getType().name().toLowerCase();
    }

    /** Of a list its elements. */
    private static Object planType(StateDescriptor<?, ?> descriptor, PlanTypes types) {
        if (!descriptor.isSerializerInitialized()) {
            descriptor.initializeSerializerUnlessSet(new ExecutionConfig());
        }
        return types.of(descriptor instanceof ListStateDescriptor
                ? ((ListStateDescriptor<?>) descriptor).getElementSerializer() : descriptor.getSerializer());
    }

    @Override
    @SuppressWarnings("unchecked")
    public void checkAll() {
        if (Run.isResuming()) {
            return;
        }
        Map<String, Object> expected = expected(Run.checkedPhases());
        for (String part : new String[] {"keyedStates", "timers"}) {
            for (Map<String, Object> state : (List<Map<String, Object>>) expected.get(part)) {
                String stateName = (String) state.getOrDefault("name", part);
                List<Object> entries = (List<Object>) state.get("entries");
                for (Object entry : entries) {
                    if (Run.counted(entryName(stateName, Json.text(entry))) != 1) {
                        Run.differences().add(name + " " + stateName + ": no " + Json.text(entry));
                    }
                }
                if (Run.counted(entryName(stateName, "")) != entries.size()) {
                    Run.differences().add(name + " " + stateName + ": " + Run.counted(entryName(stateName, "")) + " entries instead of " + entries.size());
                }
            }
        }
    }

    String entryName(String state, String entry) {
        return index + "/" + state + "/" + entry;
    }

    @Override
    public List<Integer> steps(int phase) {
        List<Integer> steps = new ArrayList<>();
        for (int i = 0; i < STEPS; i++) {
            steps.add(i);
        }
        return steps;
    }

    /** Gaps grow with the squares, so that sessions of several lengths come about. */
    @Override
    public Long timestamp(int phase, int step) {
        return START + phase * 60_000L + step * 700L + (step % 11 == 0 ? 450 : 0) + step / 20 * 4000L;
    }

    @Override
    public Long watermark(int phase) {
        return START + phase * 60_000L + 30_000L;
    }

    @Override
    protected void describe(Map<String, Object> operator, int phases) {
        operator.put("keyType", Types.LONG.toString());
        shape.describe(operator, records(phases), watermark(phases - 1));
    }

    /** As if the key had had no records in the first phase. */
    public void forget(long key) {
        forgotten.add(key);
    }

    private Map<Long, List<Event>> records(int phases) {
        Map<Long, List<Event>> records = new TreeMap<>();
        for (int phase = 0; phase < phases; phase++) {
            for (int step : steps(phase)) {
                int record = phase * StepSource.PHASE + step;
                if (phase == 0 && forgotten.contains(key(record))) {
                    continue;
                }
                records.computeIfAbsent(key(record), k -> new ArrayList<>()).add(new Event(timestamp(phase, step), record));
            }
        }
        return records;
    }

    private static long key(int record) {
        int step = record % StepSource.PHASE;
        return step * (long) step % KEYS - 2;
    }

    /** A keyed state as it stands in expected.json. */
    public static Map<String, Object> state(String name, String kind, String namespaceType, String valueType, List<Object> entries) {
        Map<String, Object> state = Json.object("name", name, "kind", kind, "ttl", false, "valueType", valueType);
        if (namespaceType != null) {
            state.put("namespaceType", namespaceType);
        }
        state.put("entries", Json.sorted(entries));
        return state;
    }

    /** The timers of a window operator as they stand in expected.json. */
    public static List<Object> timers(String namespaceType, List<Object> entries) {
        return List.of(Json.object("service", "window-timers", "domain", "event", "namespaceType", namespaceType,
                "entries", Json.sorted(entries)));
    }

    private static final class KeyOfRecord implements KeySelector<Integer, Long> {
        private static final long serialVersionUID = 1;

        @Override
        public Long getKey(Integer record) {
            return (long) (record < 0 ? record : key(record));
        }
    }
}
