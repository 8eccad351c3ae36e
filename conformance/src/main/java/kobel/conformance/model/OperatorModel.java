package kobel.conformance.model;

import java.util.List;
import java.util.Map;
import kobel.conformance.json.Json;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * One stateful operator. Its source sends it steps (numbers) phase by phase; what a step means is looked up in the model, which
 * lives in static memory ({@link Run}), so that no value travels through the network.
 */
public abstract class OperatorModel {
    public int index;
    public String uid;
    /** The name in the job graph, by which the operator id is found. */
    public String name;
    public String uidHash;
    public int parallelism = 2;
    public int maxParallelism = 128;
    /** Its source ends after the first phase, so that both are finished when the later checkpoints are taken. */
    public boolean isEnding;

    protected OperatorModel(String uid, String name) {
        this.uid = uid;
        this.name = name;
    }

    /** Adds source and operator to the job. */
    public abstract void attach(StreamExecutionEnvironment env);

    /** The steps the source sends in a phase, in order. */
    public abstract List<Integer> steps(int phase);

    /** Adds states, timers and so on. */
    protected abstract void describe(Map<String, Object> operator, int phases);

    /** The event time of a step, or null. */
    public Long timestamp(int phase, int step) {
        return null;
    }

    /** The watermark sent at the end of a phase, or null. */
    public Long watermark(int phase) {
        return null;
    }

    /** Steps that make the operator compare all it holds with the model; none if it cannot. */
    public List<Integer> verifySteps() {
        return List.of();
    }

    /** What is to be said of operators of the job's that have no model. */
    protected List<Map<String, Object>> others() {
        return isEnding ? List.of(Json.object("uid", "source-" + index, "finished", true)) : List.of();
    }

    /** Whether a {@link StepSource} sends the steps. */
    public boolean hasSteps() {
        return true;
    }

    /** False as long as a snapshot would come too early for what it is to show. */
    public boolean isReady() {
        return true;
    }

    /**
     * What the operator gives (see {@link Run#result}) when it goes on from a snapshot after so many phases, until the given
     * number of phases is done and time has run out.
     */
    public List<Object> results(int phasesBefore, int phases) {
        return List.of();
    }

    /** Key, states and operator states as a plan for writing describes them. */
    public Map<String, Object> plan(PlanTypes types) {
        throw new UnsupportedOperationException(getClass().getSimpleName() + " has no plan");
    }

    /** The group of a key (given as its JSON text) that a row must name, or null where it follows from the key. */
    public Integer keyGroup(String key) {
        return null;
    }

    /** After all verify steps: compares what the subtasks counted together. */
    public void checkAll() {}

    public final Map<String, Object> expected(int phases) {
        Map<String, Object> operator = Json.object("uid", uid);
        if (uid == null) {
            operator.put("name", name);
        }
        operator.put("maxParallelism", maxParallelism);
        operator.put("parallelism", parallelism);
        if (isEnding) {
            operator.put("finished", true);
        } else {
            describe(operator, phases);
        }
        return operator;
    }

    protected final DataStream<Integer> steps(StreamExecutionEnvironment env) {
        return env.addSource(new StepSource(index), "source-" + index, Types.INT)
                .uid("source-" + index)
                .setParallelism(1)
                .setMaxParallelism(maxParallelism);
    }

    protected final <T> void finish(SingleOutputStreamOperator<T> stream) {
        stream.name(name).setParallelism(parallelism).setMaxParallelism(maxParallelism);
        if (uid != null) {
            stream.uid(uid);
        }
        if (uidHash != null) {
            stream.setUidHash(uidHash);
        }
    }
}
