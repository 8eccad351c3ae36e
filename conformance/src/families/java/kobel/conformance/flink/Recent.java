package kobel.conformance.flink;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;

/** What differs between Flink 1.8 and 1.16; this one is for 1.16 and all that came later. */
class Recent extends Api {
    Recent() {}

    public static String rowKind(Row row) {
        return row.getKind().shortString();
    }

    public static Row row(String kind, Object... fields) {
        for (RowKind candidate : RowKind.values()) {
            if (candidate.shortString().equals(kind)) {
                return Row.ofKind(candidate, fields);
            }
        }
        throw new IllegalArgumentException(kind);
    }

    public static void forEachTimer(InternalTimerService<?> service, TimerVisitor visitor) throws Exception {
        service.forEachEventTimeTimer((namespace, timestamp) -> visitor.visit(true, namespace, timestamp));
        service.forEachProcessingTimeTimer((namespace, timestamp) -> visitor.visit(false, namespace, timestamp));
    }

    public static List<Tuple2<Object, Object>> keysAndNamespaces(KeyedStateBackend<?> backend, String state) {
        List<Tuple2<Object, Object>> places = new ArrayList<>();
        backend.getKeysAndNamespaces(state).distinct().forEach(place -> places.add(Tuple2.of(place.f0, place.f1)));
        return places;
    }

    /** Event time is the default here. */
    public static void useEventTime(StreamExecutionEnvironment env) {}

    public static JobGraph jobGraph(StreamExecutionEnvironment env, JobID id) {
        return env.getStreamGraph().getJobGraph(Recent.class.getClassLoader(), id);
    }

    public static String savepoint(MiniCluster cluster, JobID job, String directory, String format) throws Exception {
        return cluster.triggerSavepoint(job, directory, false, SavepointFormatType.valueOf(format.toUpperCase())).get();
    }

    public static String checkpoint(MiniCluster cluster, JobID job) throws Exception {
        return cluster.triggerCheckpoint(job).get();
    }
}
