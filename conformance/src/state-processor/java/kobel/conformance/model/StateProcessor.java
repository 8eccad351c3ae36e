package kobel.conformance.model;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import kobel.conformance.json.Json;
import kobel.conformance.json.Render;
import org.apache.flink.api.common.state.AggregatingStateDescriptor;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.state.api.SavepointReader;
import org.apache.flink.state.api.WindowSavepointReader;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.windowing.windows.GlobalWindow;
import org.apache.flink.streaming.api.windowing.windows.Window;

/** Reads all states of a savepoint with Flink's State Processor API, in one job. */
@SuppressWarnings({"unchecked", "rawtypes"})
public final class StateProcessor {
    private static final String UNION_KEY = "element";

    private final JobModel model;
    private final int phases;
    private final SavepointReader reader;
    private final List<String> expected = new ArrayList<>();
    private DataStream<String> found;

    private StateProcessor(JobModel model, int phases, StreamExecutionEnvironment env, String path) throws Exception {
        this.model = model;
        this.phases = phases;
        reader = SavepointReader.read(env, path);
    }

    /** Adds to the job what reads everything; it counts in {@link Run} what it reads. Gives what must be read. */
    public static List<String> attach(JobModel model, int phases, StreamExecutionEnvironment env, String path) throws Exception {
        StateProcessor processor = new StateProcessor(model, phases, env, path);
        for (OperatorModel operator : model.operators) {
            if (operator instanceof KeyedModel) {
                processor.keyed((KeyedModel) operator);
            } else if (operator instanceof WindowModel) {
                processor.windows((WindowModel) operator);
            } else if (operator instanceof OperatorStateModel) {
                processor.operatorStates((OperatorStateModel) operator);
            }
        }
        processor.found.map(text -> {
            Run.read(text);
            return text;
        }).returns(Types.STRING);
        return processor.expected;
    }

    private void add(DataStream<String> more) {
        found = found == null ? more : found.union(more);
    }

    /** Calls a method of the reader, which takes an uid before 1.17 and an identifier from then on. */
    private <T> DataStream<T> read(String method, String uid, Object... arguments) throws Exception {
        for (Method candidate : SavepointReader.class.getMethods()) {
            if (candidate.getName().equals(method) && candidate.getParameterCount() == arguments.length + 1
                    && TypeInformation.class.isAssignableFrom(candidate.getParameterTypes()[arguments.length])) {
                Object[] all = new Object[arguments.length + 1];
                System.arraycopy(arguments, 0, all, 1, arguments.length);
                Class<?> identifier = candidate.getParameterTypes()[0];
                all[0] = identifier == String.class ? uid : identifier.getMethod("forUid", String.class).invoke(null, uid);
                return (DataStream<T>) candidate.invoke(reader, all);
            }
        }
        throw new IllegalStateException(method);
    }

    private void keyed(KeyedModel operator) throws Exception {
        add(read("readKeyedState", operator.uid, new KeyReader(operator.index), KeyedModel.typed(operator.keyType), Types.STRING));
        for (StateModel state : operator.states) {
            for (int key = 0; state.namespaceType() == null && key < operator.keys.size(); key++) {
                Object content = state.content(key, phases);
                if (content != null) {
                    expected.add(text(operator, state.name, operator.keys.get(key), null, Render.json(content)));
                }
            }
        }
        for (TimerModel service : operator.timers) {
            if (service.service.equals("user-timers")) {
                for (TimerModel.Timer timer : service.contents(phases)) {
                    expected.add(text(operator, timer.domain() + " timer", operator.keys.get(timer.key()), null, timer.timestamp()));
                }
                service.due.forEach(timer -> expected.add(text(operator, timer.domain() + " timer", operator.keys.get(timer.key()), null, timer.timestamp())));
            }
        }
    }

    static String text(OperatorModel operator, String state, Object key, Object window, Object value) {
        return operator.name + ' ' + state + ' ' + Json.text(Json.object("key", Render.json(key), "window", Render.json(window), "value", value));
    }

    private void windows(WindowModel operator) throws Exception {
        StateDescriptor<?, ?> contents = operator.shape.descriptors().get(0);
        WindowSavepointReader<Window> windows = reader.window((TypeSerializer<Window>) operator.shape.windowSerializer());
        WindowContents function = new WindowContents(operator.index);
        boolean isEvicting = operator.uid.equals("windows-evictor");
        if (contents instanceof ReducingStateDescriptor) {
            add(windows.reduce(operator.uid, ((ReducingStateDescriptor) contents).getReduceFunction(), function, Types.LONG, (TypeInformation) Types.INT, Types.STRING));
        } else if (contents instanceof AggregatingStateDescriptor) {
            add(windows.aggregate(operator.uid, ((AggregatingStateDescriptor) contents).getAggregateFunction(), function, Types.LONG,
                    (TypeInformation) Types.TUPLE(Types.LONG, Types.INT), Types.STRING));
        } else if (isEvicting) {
            add(windows.evictor().process(operator.uid, function, Types.LONG, (TypeInformation) Types.INT, Types.STRING));
        } else {
            add(windows.process(operator.uid, function, Types.LONG, (TypeInformation) Types.INT, Types.STRING));
        }
        Map<String, Object> described = operator.expected(phases);
        for (Map<String, Object> entry : (List<Map<String, Object>>) ((List<Map<String, Object>>) described.get("keyedStates")).get(0).get("entries")) {
            Object value = entry.get("value");
            List<?> elements = value instanceof List && !(contents instanceof AggregatingStateDescriptor) ? (List<?>) value : List.of(value);
            if (isEvicting) {
                elements = ((List<Map<String, Object>>) elements).stream().map(element -> element.get("value")).toList();
            }
            expected.add(operator.name + " contents " + Json.text(Json.object("key", entry.get("key"), "window", entry.get("namespace"), "value", elements)));
        }
    }

    private void operatorStates(OperatorStateModel operator) throws Exception {
        int index = operator.index;
        for (OperatorStateModel.OperatorState state : operator.states) {
            String name = state.name;
            if (state.mode == OperatorStateModel.Mode.BROADCAST) {
                DataStream<Tuple2<Object, Object>> entries = read("readBroadcastState", operator.uid, state.name, state.keyType, state.valueType);
                add(entries.map(entry -> text(Run.operator(index), name, entry.f0, null, Render.json(entry.f1))).returns(Types.STRING));
                state.entries.forEach((key, value) -> expected.add(text(operator, state.name, key, null, Render.json(value))));
            } else {
                boolean isUnion = state.mode == OperatorStateModel.Mode.UNION;
                DataStream<Object> elements = read(isUnion ? "readUnionState" : "readListState", operator.uid, state.name, state.valueType);
                add(elements.map(element -> text(Run.operator(index), name, UNION_KEY, null, Render.json(element))).returns(Types.STRING));
                state.perSubtask.forEach(list -> list.forEach(element -> expected.add(text(operator, state.name, UNION_KEY, null, Render.json(element)))));
            }
        }
    }
}
