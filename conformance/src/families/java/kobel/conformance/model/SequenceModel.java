package kobel.conformance.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import kobel.conformance.json.Json;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * A source with splits before a map that remembers the first and the last number it got. Where the barrier finds them depends
 * on time: the map says what it had when it took its snapshot, and so what is left of the splits of the reader before it.
 */
public final class SequenceModel extends OperatorModel {
    private static final long LAST = 99_999_999_999L;
    private static final int ENOUGH = 1000;

    private record Span(long first, long last) {}

    private final Map<Integer, Span> atSnapshot = new ConcurrentHashMap<>();
    private final Map<Integer, Integer> seen = new ConcurrentHashMap<>();

    public SequenceModel(String uid) {
        super(uid, uid);
    }

    @Override
    public void attach(StreamExecutionEnvironment env) {
        finish(env.fromSource(new NumberSequenceSource(0, LAST), WatermarkStrategy.noWatermarks(), "sequence-source")
                .uid("sequence-source")
                .setParallelism(parallelism)
                .setMaxParallelism(maxParallelism)
                .map(new FirstAndLast(index))
                .returns(Types.LONG));
    }

    @Override
    public boolean hasSteps() {
        return false;
    }

    @Override
    public boolean isReady() {
        return Run.isVerifying() || seen.size() == parallelism && seen.values().stream().allMatch(count -> count > ENOUGH);
    }

    @Override
    public List<Integer> steps(int phase) {
        return List.of();
    }

    /** One for each subtask. */
    @Override
    public List<Integer> verifySteps() {
        return List.of(0, 1);
    }

    @Override
    protected void describe(Map<String, Object> operator, int phases) {
        List<Object> perSubtask = new ArrayList<>();
        new TreeMap<>(atSnapshot).values().forEach(span -> perSubtask.add(List.of(span.first, span.last)));
        operator.put("operatorStates", List.of(Json.object("name", "first-and-last", "mode", "SPLIT_DISTRIBUTE",
                "valueType", Types.LONG.toString(), "perSubtask", perSubtask)));
    }

    @Override
    protected List<Map<String, Object>> others() {
        List<Object> splits = new ArrayList<>();
        for (Span span : new TreeMap<>(atSnapshot).values()) {
            splits.add(Json.object("from", span.last + 1, "to", span.first + LAST / 2));
        }
        return List.of(Json.object("uid", "sequence-source", "maxParallelism", maxParallelism, "parallelism", parallelism,
                "note", "the reader's state SourceReaderState holds these remaining splits, one for each subtask; the enumerator has no split left",
                "readerSplits", splits, "enumeratorSplits", List.of()));
    }

    private static final class FirstAndLast extends RichMapFunction<Long, Long> implements CheckpointedFunction {
        private static final long serialVersionUID = 1;
        private final int operator;
        private transient ListState<Long> state;
        private transient Long first;
        private transient Long last;
        private transient boolean isRestored;

        FirstAndLast(int operator) {
            this.operator = operator;
        }

        @Override
        public Long map(Long number) {
            if (isRestored) {
                isRestored = false;
                Run.verified(number == last + 1 ? null : "sequence: " + number + " after " + last);
            }
            first = first == null ? number : first;
            last = number;
            ((SequenceModel) Run.operator(operator)).seen.merge(Run.subtask(getRuntimeContext()), 1, Integer::sum);
            return number;
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) throws Exception {
            state.update(first == null ? List.of() : List.of(first, last));
            if (first != null) {
                ((SequenceModel) Run.operator(operator)).atSnapshot.put(Run.subtask(getRuntimeContext()), new Span(first, last));
            }
        }

        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            state = context.getOperatorStateStore().getListState(new ListStateDescriptor<>("first-and-last", Types.LONG));
            if (context.isRestored()) {
                List<Long> restored = new ArrayList<>();
                state.get().forEach(restored::add);
                first = restored.get(0);
                last = restored.get(1);
                isRestored = true;
            }
        }
    }
}
