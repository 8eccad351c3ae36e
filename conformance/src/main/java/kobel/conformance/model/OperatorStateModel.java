package kobel.conformance.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import kobel.conformance.flink.Flink;
import kobel.conformance.json.Json;
import kobel.conformance.json.Render;
import org.apache.flink.api.common.functions.Partitioner;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.BroadcastState;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** An operator with operator state only. A step is the number of the subtask that now writes all it has to write. */
public final class OperatorStateModel extends OperatorModel {
    /** How the state is given out again on restore. */
    public enum Mode { SPLIT_DISTRIBUTE, UNION, BROADCAST }

    static final class OperatorState {
        String name;
        Mode mode;
        TypeInformation<?> keyType;
        TypeInformation<?> valueType;
        List<List<Object>> perSubtask;
        Map<Object, Object> entries;
    }

    private boolean isGrowing;
    final List<OperatorState> states = new ArrayList<>();

    public OperatorStateModel(String uid, int parallelism, int maxParallelism) {
        super(uid, uid);
        this.parallelism = parallelism;
        this.maxParallelism = maxParallelism;
    }

    /** A list or union state and the elements each subtask holds. */
    public OperatorStateModel list(String name, Mode mode, TypeInformation<?> type, List<List<Object>> perSubtask) {
        OperatorState state = new OperatorState();
        state.name = name;
        state.mode = mode;
        state.valueType = type;
        state.perSubtask = perSubtask;
        states.add(state);
        return this;
    }

    public OperatorStateModel broadcast(String name, TypeInformation<?> keyType, TypeInformation<?> valueType, Map<Object, Object> entries) {
        OperatorState state = new OperatorState();
        state.name = name;
        state.mode = Mode.BROADCAST;
        state.keyType = keyType;
        state.valueType = valueType;
        state.entries = entries;
        states.add(state);
        return this;
    }

    @Override
    public void attach(StreamExecutionEnvironment env) {
        finish(steps(env)
                .partitionCustom(new ToSubtask(), new SubtaskOfStep())
                .map(new Writer(index))
                .returns(Types.INT));
    }

    /** Every later phase adds something: to lists in the first subtask, to broadcast states in all. */
    public OperatorStateModel growing() {
        isGrowing = true;
        return this;
    }

    @Override
    public Map<String, Object> plan(PlanTypes types) {
        List<Object> list = new ArrayList<>();
        for (OperatorState state : states) {
            String kind = state.mode == Mode.BROADCAST ? "broadcast" : state.mode == Mode.UNION ? "operator-union" : "operator-list";
            Map<String, Object> plan = Json.object("name", state.name, "kind", kind, "type", types.of(state.valueType));
            if (state.keyType != null) {
                plan.put("mapKey", types.of(state.keyType));
            }
            list.add(plan);
        }
        return Json.object("operatorStates", list);
    }

    /** Removes an element, or the entry of a key. */
    public void remove(String stateName, Object value) {
        for (OperatorState state : states) {
            if (state.name.equals(stateName) && state.entries != null) {
                state.entries = new TreeMap<>(state.entries);
                state.entries.remove(value);
            } else if (state.name.equals(stateName)) {
                List<List<Object>> rest = new ArrayList<>();
                state.perSubtask.forEach(list -> rest.add(list.stream().filter(element -> !element.equals(value)).toList()));
                state.perSubtask = rest;
            }
        }
    }

    /** What the later phases add: what the state began with, once more. */
    private List<Object> later(OperatorState state, int phases) {
        List<Object> more = new ArrayList<>();
        for (int phase = 1; isGrowing && phase < phases && !state.perSubtask.get(0).isEmpty(); phase++) {
            more.add(state.perSubtask.get(0).get(phase % state.perSubtask.get(0).size()));
        }
        return more;
    }

    private Map<Object, Object> entries(OperatorState state, int phases) {
        Map<Object, Object> entries = new TreeMap<>(state.entries);
        for (int phase = 1; isGrowing && phase < phases && !state.entries.isEmpty(); phase++) {
            Object first = new TreeMap<>(state.entries).firstKey();
            Object last = new TreeMap<>(state.entries).lastKey();
            entries.put(first instanceof Integer ? (Object) (100 + phase) : "phase " + phase, state.entries.get(first));
            entries.put(last, state.entries.get(first));
        }
        return entries;
    }

    @Override
    public List<Integer> steps(int phase) {
        List<Integer> steps = new ArrayList<>();
        for (int subtask = 0; (phase == 0 || isGrowing) && subtask < parallelism; subtask++) {
            steps.add(subtask);
        }
        return steps;
    }

    /** One for each subtask, whatever the parallelism. */
    @Override
    public List<Integer> verifySteps() {
        return steps(0);
    }

    @Override
    protected void describe(Map<String, Object> operator, int phases) {
        List<Object> list = new ArrayList<>();
        for (OperatorState state : states) {
            if (state.mode == Mode.BROADCAST) {
                list.add(Json.object("name", state.name, "mode", state.mode.name(), "mapKeyType", state.keyType.toString(),
                        "mapValueType", state.valueType.toString(), "entriesInEverySubtask", Render.json(state.entries)));
            } else {
                list.add(Json.object("name", state.name, "mode", state.mode.name(), "valueType", state.valueType.toString(),
                        "perSubtask", Render.json(state.perSubtask)));
            }
        }
        operator.put("operatorStates", list);
    }

    private String countName(OperatorState state, String text) {
        return index + "/" + state.name + "/" + text;
    }

    /** All subtasks together have every element of the lists that are given out in parts, once. */
    @Override
    public void checkAll() {
        for (OperatorState state : states) {
            if (state.mode != Mode.SPLIT_DISTRIBUTE) {
                continue;
            }
            List<Object> expected = new ArrayList<>(later(state, Run.checkedPhases()));
            state.perSubtask.forEach(expected::addAll);
            Map<String, Integer> counts = new TreeMap<>();
            Writer.texts(expected).forEach(text -> counts.merge((String) text, 1, Integer::sum));
            counts.put("", expected.size());
            counts.forEach((text, count) -> {
                if (Run.counted(countName(state, text)) != count) {
                    Run.differences().add(name + " " + state.name + ": " + Run.counted(countName(state, text)) + " instead of " + count + " times " + text);
                }
            });
        }
    }

    private static final class ToSubtask implements Partitioner<Integer> {
        private static final long serialVersionUID = 1;

        @Override
        public int partition(Integer step, int subtasks) {
            return step < 0 ? -1 - step : step % StepSource.PHASE % subtasks;
        }
    }

    private static final class SubtaskOfStep implements KeySelector<Integer, Integer> {
        private static final long serialVersionUID = 1;

        @Override
        public Integer getKey(Integer step) {
            return step;
        }
    }

    /** The user function with the states. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    private static final class Writer extends RichMapFunction<Integer, Integer> implements CheckpointedFunction {
        private static final long serialVersionUID = 1;
        private final int operator;
        private transient List<Object> handles;

        Writer(int operator) {
            this.operator = operator;
        }

        private List<OperatorState> states() {
            return ((OperatorStateModel) Run.operator(operator)).states;
        }

        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            handles = new ArrayList<>();
            for (OperatorState state : states()) {
                if (state.mode == Mode.BROADCAST) {
                    handles.add(context.getOperatorStateStore().getBroadcastState(new MapStateDescriptor<>(state.name, state.keyType, state.valueType)));
                } else if (state.mode == Mode.UNION) {
                    handles.add(context.getOperatorStateStore().getUnionListState(new ListStateDescriptor<>(state.name, state.valueType)));
                } else {
                    handles.add(context.getOperatorStateStore().getListState(new ListStateDescriptor<>(state.name, state.valueType)));
                }
            }
        }

        @Override
        public Integer map(Integer step) throws Exception {
            if (step < 0) {
                verify();
                return step;
            }
            for (int i = 0; i < handles.size(); i++) {
                OperatorState state = states().get(i);
                OperatorStateModel model = (OperatorStateModel) Run.operator(operator);
                int phase = step / StepSource.PHASE;
                if (state.mode == Mode.BROADCAST) {
                    ((BroadcastState) handles.get(i)).putAll(model.entries(state, phase + 1));
                } else if (phase > 0) {
                    List<Object> before = model.later(state, phase);
                    List<Object> after = model.later(state, phase + 1);
                    if (Flink.subtask(getRuntimeContext()) == 0) {
                        ((ListState) handles.get(i)).addAll(after.subList(before.size(), after.size()));
                    }
                } else {
                    ((ListState) handles.get(i)).addAll(state.perSubtask.get(Flink.subtask(getRuntimeContext())));
                }
            }
            return step;
        }

        /** Lists are given out as they were if the parallelism is the same, else to some subtask; union and broadcast to all. */
        private void verify() throws Exception {
            OperatorStateModel model = (OperatorStateModel) Run.operator(operator);
            int subtask = Flink.subtask(getRuntimeContext());
            StringBuilder differences = new StringBuilder();
            for (int i = 0; i < handles.size(); i++) {
                OperatorState state = states().get(i);
                List<Object> expected = new ArrayList<>();
                List<Object> found = new ArrayList<>();
                if (state.mode == Mode.BROADCAST) {
                    expected.addAll(model.entries(state, Run.checkedPhases()).entrySet());
                    ((BroadcastState<?, ?>) handles.get(i)).immutableEntries().forEach(found::add);
                } else {
                    ((ListState<?>) handles.get(i)).get().forEach(found::add);
                    texts(found).forEach(text -> Run.count(model.countName(state, (String) text), 1));
                    Run.count(model.countName(state, ""), found.size());
                    if (state.mode == Mode.UNION) {
                        state.perSubtask.forEach(expected::addAll);
                    } else if (model.parallelism == state.perSubtask.size()) {
                        expected.addAll(state.perSubtask.get(subtask));
                    } else {
                        continue;
                    }
                    expected.addAll(subtask == 0 ? model.later(state, Run.checkedPhases()) : List.of());
                }
                if (!texts(expected).equals(texts(found))) {
                    differences.append(model.name).append(' ').append(state.name).append(": expected ").append(texts(expected))
                            .append(" but found ").append(texts(found)).append('\n');
                }
            }
            Run.verified(differences.length() == 0 ? null : differences.toString());
        }

        private static List<Object> texts(List<Object> values) {
            List<Object> rendered = new ArrayList<>();
            for (Object value : values) {
                if (value instanceof Map.Entry) {
                    Map.Entry<?, ?> entry = (Map.Entry<?, ?>) value;
                    rendered.add(Arrays.asList(Render.json(entry.getKey()), Render.json(entry.getValue())));
                } else {
                    rendered.add(Render.json(value));
                }
            }
            List<Object> texts = new ArrayList<>();
            Json.sorted(rendered).forEach(value -> texts.add(Json.text(value)));
            return texts;
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) {}
    }
}
