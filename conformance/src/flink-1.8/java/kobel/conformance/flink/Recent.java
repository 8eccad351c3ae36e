package kobel.conformance.flink;

import java.util.List;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.streaming.api.TimeCharacteristic;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.types.Row;

/** What differs between Flink 1.8 and 1.16; this one is for 1.8. */
class Recent extends Api {
    Recent() {}

    /** Rows had no kind. */
    public static String rowKind(Row row) {
        return "+I";
    }

    public static Row row(String kind, Object... fields) {
        return Row.of(fields);
    }

    public static void forEachTimer(InternalTimerService<?> service, TimerVisitor visitor) throws Exception {
        throw new UnsupportedOperationException("timers cannot be listed in this version");
    }

    public static List<Tuple2<Object, Object>> keysAndNamespaces(KeyedStateBackend<?> backend, String state) {
        throw new UnsupportedOperationException("namespaces cannot be listed in this version");
    }

    public static void useEventTime(StreamExecutionEnvironment env) {
        env.setStreamTimeCharacteristic(TimeCharacteristic.EventTime);
    }

    public static JobGraph jobGraph(StreamExecutionEnvironment env, JobID id) {
        return env.getStreamGraph().getJobGraph(id);
    }

    public static String savepoint(MiniCluster cluster, JobID job, String directory, String format) throws Exception {
        return cluster.triggerSavepoint(job, directory, false).get();
    }

    public static String checkpoint(MiniCluster cluster, JobID job) throws Exception {
        throw new UnsupportedOperationException("checkpoints cannot be triggered by hand in this version");
    }
}
