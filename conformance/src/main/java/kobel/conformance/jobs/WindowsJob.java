package kobel.conformance.jobs;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import kobel.conformance.flink.Flink;
import kobel.conformance.jobs.WindowFunctions.Telling;
import kobel.conformance.json.Json;
import kobel.conformance.json.Render;
import kobel.conformance.model.JobModel;
import kobel.conformance.model.PlanTypes;
import kobel.conformance.model.WindowModel;
import kobel.conformance.model.WindowModel.Event;
import kobel.conformance.model.WindowModel.Shape;
import org.apache.flink.api.common.functions.ReduceFunction;
import org.apache.flink.api.common.state.AggregatingStateDescriptor;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.typeutils.runtime.TupleSerializer;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.windowing.windows.GlobalWindow;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.streaming.runtime.streamrecord.StreamElementSerializer;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Window operators: tumbling with reduce, sliding with aggregate, sessions (merging windows) with a process function, a global
 * window with a count trigger, and one with an evictor.
 */
public final class WindowsJob {
    private static final long SIZE = 10_000;
    private static final long SLIDE = 5_000;
    private static final long GAP = 2_000;
    private static final String CONTENTS = "window-contents";
    private static final String TIME_WINDOW = "TimeWindow";

    private WindowsJob() {}

    public static JobModel model() {
        return new JobModel("windows")
                .add(new WindowModel("windows-tumbling", new Tumbling()))
                .add(new WindowModel("windows-sliding", new Sliding()))
                .add(new WindowModel("windows-session", new Session()))
                .add(new WindowModel("windows-count", new CountWindow(false)))
                .add(new WindowModel("windows-evictor", new CountWindow(true)));
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static TypeSerializer<Tuple2> mergingSerializer() {
        return new TupleSerializer(Tuple2.class, new TypeSerializer<?>[] {new TimeWindow.Serializer(), new TimeWindow.Serializer()});
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static TypeSerializer<StreamRecord> records() {
        return (TypeSerializer) new StreamElementSerializer<>(IntSerializer.INSTANCE);
    }

    /** The contents of the windows that have not fired, and their timers. */
    private static void timeWindows(Map<String, Object> operator, Map<Long, List<Event>> records, long watermark,
            Function<Event, List<TimeWindow>> assign, String kind, String valueType, Function<List<Event>, Object> content) {
        List<Object> entries = new ArrayList<>();
        List<Object> timers = new ArrayList<>();
        records.forEach((key, events) -> {
            Map<TimeWindow, List<Event>> windows = new TreeMap<>((a, b) -> Long.compare(a.getStart(), b.getStart()));
            for (Event event : events) {
                for (TimeWindow window : assign.apply(event)) {
                    if (window.maxTimestamp() > watermark) {
                        windows.computeIfAbsent(window, w -> new ArrayList<>()).add(event);
                    }
                }
            }
            windows.forEach((window, inside) -> {
                entries.add(Json.object("key", key, "namespace", Render.json(window), "value", Render.json(content.apply(inside))));
                timers.add(timer(key, window));
            });
        });
        operator.put("keyedStates", List.of(WindowModel.state(CONTENTS, kind, TIME_WINDOW, valueType, entries)));
        operator.put("timers", WindowModel.timers(TIME_WINDOW, timers));
    }

    /** What the open windows give in the end. */
    private static List<Object> windowResults(Map<Long, List<Event>> records, long watermark, Function<Event, List<TimeWindow>> assign,
            Function<List<Event>, Object> result) {
        List<Object> results = new ArrayList<>();
        records.forEach((key, events) -> {
            Map<TimeWindow, List<Event>> windows = new TreeMap<>((a, b) -> Long.compare(a.getStart(), b.getStart()));
            events.forEach(event -> assign.apply(event).stream().filter(window -> window.maxTimestamp() > watermark)
                    .forEach(window -> windows.computeIfAbsent(window, w -> new ArrayList<>()).add(event)));
            windows.forEach((window, inside) -> results.add(WindowModel.result(key, window, List.of(result.apply(inside)))));
        });
        return results;
    }

    private static Map<String, Object> timer(long key, TimeWindow window) {
        return Json.object("timestamp", window.maxTimestamp(), "key", key, "namespace", Render.json(window));
    }

    private static List<TimeWindow> windowsOf(long timestamp, long slide) {
        List<TimeWindow> windows = new ArrayList<>();
        for (long start = timestamp - timestamp % slide; start > timestamp - SIZE; start -= slide) {
            windows.add(new TimeWindow(start, start + SIZE));
        }
        return windows;
    }

    /** The reduce function of the tumbling windows. */
    private static final class Largest implements ReduceFunction<Integer>, BinaryOperator<Integer> {
        private static final long serialVersionUID = 1;

        @Override
        public Integer reduce(Integer left, Integer right) {
            return Math.max(left, right);
        }

        @Override
        public Integer apply(Integer left, Integer right) {
            return reduce(left, right);
        }
    }

    private static final class Tumbling implements Shape {
        @Override
        public SingleOutputStreamOperator<?> apply(KeyedStream<Integer, Long> stream, int operator) {
            return stream.window(Flink.tumbling(SIZE)).reduce(new Largest(), new Telling<Integer, TimeWindow>(operator), Types.INT);
        }

        @Override
        public List<StateDescriptor<?, ?>> descriptors() {
            return List.of(new ReducingStateDescriptor<>(CONTENTS, new Largest(), Types.INT));
        }

        @Override
        public TypeSerializer<?> windowSerializer() {
            return new TimeWindow.Serializer();
        }

        @Override
        public Map<String, Object> plan(PlanTypes types) {
            return Json.object("assigner", "tumbling", "function", "reduce", "type", types.of(Types.INT));
        }

        @Override
        public void describe(Map<String, Object> operator, Map<Long, List<Event>> records, long watermark) {
            timeWindows(operator, records, watermark, event -> windowsOf(event.timestamp(), SIZE), "reducing", Types.INT.toString(),
                    events -> events.stream().map(Event::value).reduce(new Largest()).get());
        }

        @Override
        public List<Object> results(Map<Long, List<Event>> records, long watermark, int phasesBefore) {
            return windowResults(records, watermark, event -> windowsOf(event.timestamp(), SIZE),
                    events -> events.stream().map(Event::value).reduce(new Largest()).get());
        }
    }

    private static final class Sliding implements Shape {
        @Override
        public SingleOutputStreamOperator<?> apply(KeyedStream<Integer, Long> stream, int operator) {
            return stream.window(Flink.sliding(SIZE, SLIDE))
                    .aggregate(new Functions.Mean(), new Telling<Double, TimeWindow>(operator), Types.TUPLE(Types.LONG, Types.INT), Types.DOUBLE, Types.INT);
        }

        @Override
        public List<StateDescriptor<?, ?>> descriptors() {
            return List.of(new AggregatingStateDescriptor<>(CONTENTS, new Functions.Accumulator(), Types.TUPLE(Types.LONG, Types.INT)));
        }

        @Override
        public TypeSerializer<?> windowSerializer() {
            return new TimeWindow.Serializer();
        }

        @Override
        public Map<String, Object> plan(PlanTypes types) {
            return Json.object("assigner", "sliding", "function", "aggregate", "type", types.of(Types.TUPLE(Types.LONG, Types.INT)));
        }

        @Override
        public void describe(Map<String, Object> operator, Map<Long, List<Event>> records, long watermark) {
            timeWindows(operator, records, watermark, event -> windowsOf(event.timestamp(), SLIDE), "aggregating",
                    Types.TUPLE(Types.LONG, Types.INT).toString(),
                    events -> Tuple2.of(events.stream().mapToLong(Event::value).sum(), events.size()));
        }

        @Override
        public List<Object> results(Map<Long, List<Event>> records, long watermark, int phasesBefore) {
            return windowResults(records, watermark, event -> windowsOf(event.timestamp(), SLIDE),
                    events -> (double) events.stream().mapToLong(Event::value).sum() / events.size());
        }
    }

    /** Contents lie under the window that a session began with; merging-window-set leads there from the window it has become. */
    private static final class Session implements Shape {
        @Override
        public SingleOutputStreamOperator<?> apply(KeyedStream<Integer, Long> stream, int operator) {
            return stream.window(Flink.session(GAP)).process(new Telling<Integer, TimeWindow>(operator), Types.INT);
        }

        @Override
        public List<StateDescriptor<?, ?>> descriptors() {
            return List.of(new ListStateDescriptor<>(CONTENTS, Types.INT),
                    new ListStateDescriptor<>(WindowModel.MERGING, mergingSerializer()));
        }

        @Override
        public TypeSerializer<?> windowSerializer() {
            return new TimeWindow.Serializer();
        }

        @Override
        public Map<String, Object> plan(PlanTypes types) {
            return Json.object("assigner", "session", "function", "process", "type", types.of(Types.INT));
        }

        @Override
        public void describe(Map<String, Object> operator, Map<Long, List<Event>> records, long watermark) {
            List<Object> contents = new ArrayList<>();
            List<Object> sets = new ArrayList<>();
            List<Object> timers = new ArrayList<>();
            records.forEach((key, events) -> {
                List<Object> set = new ArrayList<>();
                for (List<Event> session : sessions(events)) {
                    long start = session.get(0).timestamp();
                    TimeWindow state = new TimeWindow(start, start + GAP);
                    TimeWindow actual = new TimeWindow(start, session.get(session.size() - 1).timestamp() + GAP);
                    if (actual.maxTimestamp() > watermark) {
                        set.add(Arrays.asList(Render.json(actual), Render.json(state)));
                        contents.add(Json.object("key", key, "namespace", Render.json(state), "value", session.stream().map(Event::value).toList()));
                        timers.add(timer(key, actual));
                    }
                }
                if (!set.isEmpty()) {
                    sets.add(Json.object("key", key, "value", Json.sorted(set)));
                }
            });
            Map<String, Object> mergingSet = WindowModel.state(WindowModel.MERGING, "list", null, "Tuple2<TimeWindow actual, TimeWindow state>", sets);
            mergingSet.put("unordered", true);
            operator.put("keyedStates", List.of(
                    WindowModel.state(CONTENTS, "list", TIME_WINDOW, Types.INT.toString(), contents), mergingSet));
            operator.put("timers", WindowModel.timers(TIME_WINDOW, timers));
        }

        @Override
        public List<Object> results(Map<Long, List<Event>> records, long watermark, int phasesBefore) {
            List<Object> results = new ArrayList<>();
            records.forEach((key, events) -> {
                for (List<Event> session : sessions(events)) {
                    TimeWindow window = new TimeWindow(session.get(0).timestamp(), session.get(session.size() - 1).timestamp() + GAP);
                    if (window.maxTimestamp() > watermark) {
                        results.add(WindowModel.result(key, window, session.stream().map(Event::value).toList()));
                    }
                }
            });
            return results;
        }

        private static List<List<Event>> sessions(List<Event> events) {
            List<List<Event>> sessions = new ArrayList<>();
            long end = Long.MIN_VALUE;
            for (Event event : events) {
                if (event.timestamp() > end) {
                    sessions.add(new ArrayList<>());
                }
                sessions.get(sessions.size() - 1).add(event);
                end = event.timestamp() + GAP;
            }
            return sessions;
        }
    }

    /**
     * A global window that fires at every fourth element: purging, or keeping the last three in an evictor (whose window holds
     * stream records with their timestamps).
     */
    private static final class CountWindow implements Shape {
        private static final int FIRE = 4;
        private static final int KEEP = 3;
        private final boolean isEvicting;

        CountWindow(boolean isEvicting) {
            this.isEvicting = isEvicting;
        }

        @Override
        public SingleOutputStreamOperator<?> apply(KeyedStream<Integer, Long> stream, int operator) {
            return isEvicting ? WindowFunctions.evicting(stream, FIRE, KEEP, operator) : WindowFunctions.purging(stream, FIRE, operator);
        }

        @Override
        public List<StateDescriptor<?, ?>> descriptors() {
            return List.of(isEvicting ? new ListStateDescriptor<>(CONTENTS, records()) : new ListStateDescriptor<>(CONTENTS, Types.INT),
                    new ReducingStateDescriptor<>("count", new Functions.Sum(), Types.LONG));
        }

        @Override
        public TypeSerializer<?> windowSerializer() {
            return new GlobalWindow.Serializer();
        }

        @Override
        public Map<String, Object> plan(PlanTypes types) {
            return Json.object("assigner", "global", "function", "process", "type", types.of(Types.INT), "trigger", "count", "evictor", isEvicting);
        }

        @Override
        public void describe(Map<String, Object> operator, Map<Long, List<Event>> records, long watermark) {
            List<Object> contents = new ArrayList<>();
            List<Object> counts = new ArrayList<>();
            records.forEach((key, events) -> {
                List<Event> inside = new ArrayList<>();
                int count = 0;
                for (Event event : events) {
                    inside.add(event);
                    if (++count == FIRE) {
                        count = 0;
                        inside.subList(0, isEvicting ? Math.max(0, inside.size() - KEEP) : inside.size()).clear();
                    }
                }
                if (!inside.isEmpty()) {
                    contents.add(Json.object("key", key, "namespace", "GlobalWindow", "value", inside.stream().map(this::element).toList()));
                }
                if (count > 0) {
                    counts.add(Json.object("key", key, "namespace", "GlobalWindow", "value", count));
                }
            });
            String type = isEvicting ? "StreamRecord<Integer>" : "Integer";
            operator.put("keyedStates", List.of(
                    WindowModel.state(CONTENTS, "list", "GlobalWindow", type, contents),
                    WindowModel.state("count", "reducing", "GlobalWindow", Types.LONG.toString(), counts)));
            operator.put("timers", WindowModel.timers("GlobalWindow", List.of()));
        }

        @Override
        public List<Object> results(Map<Long, List<Event>> records, long watermark, int phasesBefore) {
            List<Object> results = new ArrayList<>();
            records.forEach((key, events) -> {
                List<Integer> inside = new ArrayList<>();
                int count = 0;
                for (Event event : events) {
                    inside.add(event.value());
                    if (++count == FIRE) {
                        count = 0;
                        inside.subList(0, isEvicting ? Math.max(0, inside.size() - KEEP) : 0).clear();
                        if (WindowModel.isLater(event, phasesBefore)) {
                            results.add(WindowModel.result(key, GlobalWindow.get(), new ArrayList<>(inside)));
                        }
                        inside.subList(0, isEvicting ? 0 : inside.size()).clear();
                    }
                }
            });
            return results;
        }

        private Object element(Event event) {
            return isEvicting ? Json.object("timestamp", event.timestamp(), "value", event.value()) : (Object) event.value();
        }
    }
}
