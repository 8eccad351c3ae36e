package kobel.conformance.model;

import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import kobel.conformance.json.Json;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.runtime.state.KeyGroupStatePartitionStreamProvider;
import org.apache.flink.runtime.state.KeyedStateCheckpointOutputStream;
import org.apache.flink.runtime.state.OperatorStateCheckpointOutputStream;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StatePartitionStreamProvider;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * An operator that writes streams of its own: raw keyed state for every third key group, some of them without a byte, and raw
 * operator state in two partitions. A managed state stands beside.
 */
public final class RawModel extends OperatorModel {
    private static final int KEYS = 20;

    public RawModel(String uid) {
        super(uid, uid);
        maxParallelism = 12;
    }

    @Override
    public void attach(StreamExecutionEnvironment env) {
        finish(steps(env).keyBy(new KeyOf(), Types.INT).transform(name, Types.INT, new RawOperator(index)));
    }

    @Override
    public List<Integer> steps(int phase) {
        List<Integer> steps = new ArrayList<>();
        for (int key = 0; key < KEYS; key++) {
            steps.add(key);
        }
        return steps;
    }

    @Override
    public List<Integer> verifySteps() {
        return steps(0);
    }

    /** What is written for a key group, or null. */
    private static byte[] ofKeyGroup(int keyGroup) {
        byte[] bytes = new byte[keyGroup * 5];
        Arrays.fill(bytes, (byte) keyGroup);
        return keyGroup % 3 == 0 ? bytes : null;
    }

    private static byte[] ofPartition(int subtask, int partition) {
        byte[] bytes = new byte[3 + subtask * 4 + partition];
        Arrays.fill(bytes, (byte) (subtask * 16 + partition));
        return bytes;
    }

    @Override
    protected void describe(Map<String, Object> operator, int phases) {
        List<Object> entries = new ArrayList<>();
        for (int key = 0; key < KEYS; key++) {
            entries.add(Json.object("key", key, "value", (long) key * phases));
        }
        operator.put("keyType", Types.INT.toString());
        operator.put("keyedStates", List.of(Json.object("name", "count", "kind", "value", "ttl", false,
                "valueType", Types.LONG.toString(), "entries", Json.sorted(entries))));
        List<Object> keyed = new ArrayList<>();
        for (int keyGroup = 0; keyGroup < maxParallelism; keyGroup++) {
            if (ofKeyGroup(keyGroup) != null) {
                keyed.add(Json.object("keyGroup", keyGroup, "bytes", Base64.getEncoder().encodeToString(ofKeyGroup(keyGroup))));
            }
        }
        List<Object> partitions = new ArrayList<>();
        for (int subtask = 0; subtask < parallelism; subtask++) {
            partitions.add(List.of(Base64.getEncoder().encodeToString(ofPartition(subtask, 0)), Base64.getEncoder().encodeToString(ofPartition(subtask, 1))));
        }
        operator.put("rawKeyedState", keyed);
        operator.put("rawOperatorState", partitions);
    }

    @Override
    public void checkAll() {
        for (int keyGroup = 0; keyGroup < maxParallelism; keyGroup++) {
            if (Run.counted("raw " + keyGroup) != (ofKeyGroup(keyGroup) == null ? 0 : 1)) {
                Run.differences().add(name + " key group " + keyGroup + ": restored " + Run.counted("raw " + keyGroup) + " times");
            }
        }
        if (Run.counted("raw partitions") != 2 * parallelism) {
            Run.differences().add(name + ": " + Run.counted("raw partitions") + " partitions");
        }
    }

    private static final class KeyOf implements KeySelector<Integer, Integer> {
        private static final long serialVersionUID = 1;

        @Override
        public Integer getKey(Integer step) {
            return step < 0 ? -1 - step : step % StepSource.PHASE;
        }
    }

    private static final class RawOperator extends AbstractStreamOperator<Integer> implements OneInputStreamOperator<Integer, Integer> {
        private static final long serialVersionUID = 1;
        private final int operator;
        private transient ValueState<Long> count;

        RawOperator(int operator) {
            this.operator = operator;
        }

        @Override
        protected boolean isUsingCustomRawKeyedState() {
            return true;
        }

        @Override
        public void open() throws Exception {
            super.open();
            count = getPartitionedState(new ValueStateDescriptor<>("count", Types.LONG));
        }

        @Override
        public void processElement(StreamRecord<Integer> record) throws Exception {
            int step = record.getValue();
            if (step >= 0) {
                count.update((count.value() == null ? 0 : count.value()) + step % StepSource.PHASE);
                return;
            }
            long expected = (-1L - step) * Run.checkedPhases();
            Run.verified(count.value() != null && count.value() == expected ? null : "raw key " + (-1 - step) + ": " + count.value());
        }

        @Override
        public void snapshotState(StateSnapshotContext context) throws Exception {
            super.snapshotState(context);
            KeyedStateCheckpointOutputStream keyed = context.getRawKeyedOperatorStateOutput();
            for (int keyGroup : keyed.getKeyGroupList()) {
                if (ofKeyGroup(keyGroup) != null) {
                    keyed.startNewKeyGroup(keyGroup);
                    keyed.write(ofKeyGroup(keyGroup));
                }
            }
            OperatorStateCheckpointOutputStream partitions = context.getRawOperatorStateOutput();
            for (int partition = 0; partition < 2; partition++) {
                partitions.startNewPartition();
                partitions.write(ofPartition(Run.subtask(getRuntimeContext()), partition));
            }
        }

        @Override
        public void initializeState(StateInitializationContext context) throws Exception {
            super.initializeState(context);
            if (!Run.isVerifying()) {
                return;
            }
            for (KeyGroupStatePartitionStreamProvider each : context.getRawKeyedStateInputs()) {
                byte[] expected = ofKeyGroup(each.getKeyGroupId());
                try (InputStream in = each.getStream()) {
                    if (expected != null && Arrays.equals(expected, in.readNBytes(expected.length))) {
                        Run.count("raw " + each.getKeyGroupId(), 1);
                    }
                }
            }
            for (StatePartitionStreamProvider each : context.getRawOperatorStateInputs()) {
                try (InputStream in = each.getStream()) {
                    int first = in.read();
                    byte[] expected = ofPartition(first / 16, first % 16);
                    byte[] rest = in.readNBytes(expected.length - 1);
                    Run.count("raw partitions", Arrays.equals(Arrays.copyOfRange(expected, 1, expected.length), rest) ? 1 : 0);
                }
            }
        }
    }
}
