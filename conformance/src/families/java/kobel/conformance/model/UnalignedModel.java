package kobel.conformance.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import kobel.conformance.flink.LegacySource;
import kobel.conformance.json.Json;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * A slow operator behind a source that has sent all its records: an unaligned checkpoint holds those on the way. The operator
 * says what it had got when it took its snapshot, and everything later was in flight.
 */
public final class UnalignedModel extends OperatorModel {
    private static final int RECORDS = 4000;
    private static final int KEYS = 24;
    private static final int ENOUGH = 30;

    private final Map<Integer, Queue<Long>> got = new ConcurrentHashMap<>();
    private final Map<Integer, Integer> atSnapshot = new ConcurrentHashMap<>();
    private final Map<Long, Long> verified = new ConcurrentHashMap<>();

    public UnalignedModel(String uid) {
        super(uid, uid);
    }

    @Override
    public void attach(StreamExecutionEnvironment env) {
        finish(env.addSource(new Numbers(), "source-" + index, Types.LONG)
                .uid("source-" + index)
                .setParallelism(1)
                .setMaxParallelism(maxParallelism)
                .keyBy(new KeyOf(), Types.LONG)
                .process(new Slow(index), Types.LONG));
    }

    @Override
    public List<Integer> steps(int phase) {
        return List.of();
    }

    @Override
    public boolean isReady() {
        if (Run.isVerifying()) {
            return verified.equals(sums(numbers()));
        }
        return got.size() == parallelism && got.values().stream().allMatch(records -> records.size() > ENOUGH);
    }

    private static List<Long> numbers() {
        List<Long> numbers = new ArrayList<>();
        for (long number = 0; number < RECORDS; number++) {
            numbers.add(number);
        }
        return numbers;
    }

    private static Map<Long, Long> sums(List<Long> records) {
        Map<Long, Long> sums = new TreeMap<>();
        records.forEach(record -> sums.merge(record % KEYS, record, Long::sum));
        return sums;
    }

    @Override
    protected void describe(Map<String, Object> operator, int phases) {
        List<Long> before = new ArrayList<>();
        List<Object> inFlight = new ArrayList<>();
        for (int subtask = 0; subtask < parallelism; subtask++) {
            int number = subtask;
            List<Long> records = numbers().stream()
                    .filter(record -> KeyGroupRangeAssignment.assignKeyToParallelOperator(record % KEYS, maxParallelism, parallelism) == number)
                    .toList();
            int count = atSnapshot.getOrDefault(subtask, 0);
            before.addAll(records.subList(0, count));
            inFlight.add(records.subList(count, records.size()));
        }
        List<Object> entries = new ArrayList<>();
        sums(before).forEach((key, sum) -> entries.add(Json.object("key", key, "value", sum)));
        operator.put("keyType", Types.LONG.toString());
        operator.put("keyedStates", List.of(Json.object("name", "sum", "kind", "value", "ttl", false,
                "valueType", Types.LONG.toString(), "entries", Json.sorted(entries))));
        operator.put("note", "recordsInFlight: the Long records, in order, that the channel to each subtask held at the barrier (input channel state of this"
                + " operator and result subpartition state of the source together)");
        operator.put("recordsInFlight", inFlight);
    }

    private static final class KeyOf implements KeySelector<Long, Long> {
        private static final long serialVersionUID = 1;

        @Override
        public Long getKey(Long record) {
            return record % KEYS;
        }
    }

    /** Sends everything at once when it is allowed to, and idles. */
    private static final class Numbers extends LegacySource<Long> {
        private static final long serialVersionUID = 1;
        private volatile boolean isRunning = true;

        @Override
        public void run(SourceContext<Long> context) throws Exception {
            boolean hasSent = Run.isVerifying();
            if (hasSent) {
                Run.sent();
            }
            while (isRunning) {
                if (!hasSent && Run.phaseOf(0) != null) {
                    hasSent = true;
                    synchronized (context.getCheckpointLock()) {
                        numbers().forEach(context::collect);
                    }
                    Run.sent();
                }
                Thread.sleep(5);
            }
        }

        @Override
        public void cancel() {
            isRunning = false;
        }
    }

    private static final class Slow extends KeyedProcessFunction<Long, Long, Long> implements CheckpointedFunction {
        private static final long serialVersionUID = 1;
        private final int operator;
        private transient ValueState<Long> sum;

        Slow(int operator) {
            this.operator = operator;
        }

        private UnalignedModel model() {
            return (UnalignedModel) Run.operator(operator);
        }

        @Override
        public void processElement(Long record, Context context, Collector<Long> out) throws Exception {
            long after = (sum.value() == null ? 0 : sum.value()) + record;
            sum.update(after);
            model().got.computeIfAbsent(Run.subtask(getRuntimeContext()), subtask -> new ConcurrentLinkedQueue<>()).add(record);
            if (Run.isVerifying()) {
                model().verified.put(context.getCurrentKey(), after);
            } else {
                Thread.sleep(10);
            }
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) {
            Queue<Long> records = model().got.get(Run.subtask(getRuntimeContext()));
            model().atSnapshot.put(Run.subtask(getRuntimeContext()), records == null ? 0 : records.size());
        }

        @Override
        public void initializeState(FunctionInitializationContext context) {
            sum = context.getKeyedStateStore().getState(new ValueStateDescriptor<>("sum", Types.LONG));
        }
    }
}
