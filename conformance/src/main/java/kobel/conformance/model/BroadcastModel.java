package kobel.conformance.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import kobel.conformance.json.Json;
import kobel.conformance.json.Render;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.co.KeyedBroadcastProcessFunction;
import org.apache.flink.util.Collector;

/**
 * A KeyedBroadcastProcessFunction: every step n goes to both inputs; by key n % 10 it is added to a value state, and it becomes
 * a rule of the broadcast state.
 */
public final class BroadcastModel extends OperatorModel {
    private static final MapStateDescriptor<Integer, String> RULES = new MapStateDescriptor<>("rules", Types.INT, Types.STRING);
    private static final int STEPS = 30;

    public BroadcastModel(String uid, int parallelism) {
        super(uid, uid);
        this.parallelism = parallelism;
    }

    @Override
    public void attach(StreamExecutionEnvironment env) {
        DataStream<Integer> steps = steps(env);
        finish(steps.keyBy(new LastDigit(), Types.INT).connect(steps.broadcast(RULES)).process(new Rules(index), Types.INT));
    }

    @Override
    public List<Integer> steps(int phase) {
        List<Integer> steps = new ArrayList<>();
        for (int i = 0; i < STEPS; i++) {
            steps.add(i);
        }
        return steps;
    }

    @Override
    protected void describe(Map<String, Object> operator, int phases) {
        Map<Integer, Long> sums = sums(phases);
        Map<Integer, String> rules = rules(phases);
        List<Object> entries = new ArrayList<>();
        sums.forEach((key, sum) -> entries.add(Json.object("key", key, "value", sum)));
        operator.put("keyType", Types.INT.toString());
        operator.put("keyedStates", List.of(Json.object("name", "sum", "kind", "value", "ttl", false,
                "valueType", Types.LONG.toString(), "entries", Json.sorted(entries))));
        operator.put("operatorStates", List.of(Json.object("name", "rules", "mode", "BROADCAST", "mapKeyType", Types.INT.toString(),
                "mapValueType", Types.STRING.toString(), "entriesInEverySubtask", Render.json(rules))));
    }

    @Override
    public Map<String, Object> plan(PlanTypes types) {
        return Json.object("key", types.of(Types.INT),
                "states", List.of(Json.object("name", "sum", "kind", "value", "type", types.of(Types.LONG))),
                "operatorStates", List.of(Json.object("name", "rules", "kind", "broadcast", "mapKey", types.of(Types.INT), "type", types.of(Types.STRING))));
    }

    private Map<Integer, Long> sums(int phases) {
        Map<Integer, Long> sums = new TreeMap<>();
        rules(phases).keySet().forEach(record -> sums.merge(record % 10, (long) record, Long::sum));
        return sums;
    }

    private Map<Integer, String> rules(int phases) {
        Map<Integer, String> rules = new TreeMap<>();
        for (int phase = 0; phase < phases; phase++) {
            for (int step : steps(phase)) {
                int record = phase * StepSource.PHASE + step;
                rules.put(record, "rule " + record);
            }
        }
        return rules;
    }

    /** What comes by one input may overtake the other: the rules of a phase must be there before the next thing is sent. */
    @Override
    public boolean isReady() {
        return Run.counted(countName()) == Run.recordPhases() * STEPS * parallelism;
    }

    private String countName() {
        return index + "/rules";
    }

    @Override
    public List<Integer> verifySteps() {
        return steps(0);
    }

    private void verify(int key, Long sum, Iterable<Map.Entry<Integer, String>> rules) {
        Map<Integer, String> found = new TreeMap<>();
        rules.forEach(rule -> found.put(rule.getKey(), rule.getValue()));
        boolean isSame = sums(Run.checkedPhases()).get(key).equals(sum) && rules(Run.checkedPhases()).equals(found);
        Run.verified(isSame ? null : name + " key " + key + ": found " + sum + " and " + found);
    }

    private static final class LastDigit implements KeySelector<Integer, Integer> {
        private static final long serialVersionUID = 1;

        @Override
        public Integer getKey(Integer step) {
            return (step < 0 ? -1 - step : step) % 10;
        }
    }

    /** The user function. */
    private static final class Rules extends KeyedBroadcastProcessFunction<Integer, Integer, Integer, Integer> implements CheckpointedFunction {
        private static final long serialVersionUID = 1;
        private final int operator;
        private transient ValueState<Long> sum;

        Rules(int operator) {
            this.operator = operator;
        }

        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            sum = context.getKeyedStateStore().getState(new ValueStateDescriptor<>("sum", Types.LONG));
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) {}

        @Override
        public void processElement(Integer step, ReadOnlyContext context, Collector<Integer> out) throws Exception {
            if (step < 0) {
                BroadcastModel model = (BroadcastModel) Run.operator(operator);
                model.verify(context.getCurrentKey(), sum.value(), context.getBroadcastState(RULES).immutableEntries());
                return;
            }
            sum.update((sum.value() == null ? 0 : sum.value()) + step);
        }

        @Override
        public void processBroadcastElement(Integer step, Context context, Collector<Integer> out) throws Exception {
            if (step < 0) {
                return;
            }
            context.getBroadcastState(RULES).put(step, "rule " + step);
            Run.count(((BroadcastModel) Run.operator(operator)).countName(), 1);
        }
    }
}
