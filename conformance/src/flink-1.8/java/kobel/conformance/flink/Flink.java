package kobel.conformance.flink;

import java.util.List;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.streaming.api.TimeCharacteristic;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.windowing.assigners.EventTimeSessionWindows;
import org.apache.flink.streaming.api.windowing.assigners.SlidingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.time.Time;
import org.apache.flink.types.Row;

/** What differs between Flink versions; this one is for 1.8. */
public final class Flink {
    private Flink() {}

    public static String version() {
        return System.getProperty("flink.version");
    }

    public static boolean isAtLeast(int major, int minor) {
        String[] parts = version().split("\\.");
        int foundMajor = Integer.parseInt(parts[0]);
        return foundMajor > major || foundMajor == major && Integer.parseInt(parts[1]) >= minor;
    }

    public static StateTtlConfig ttlOfDays(int days) {
        return StateTtlConfig.newBuilder(org.apache.flink.api.common.time.Time.days(days)).build();
    }

    /** Rows had no kind. */
    public static String rowKind(Row row) {
        return "+I";
    }

    public static Row row(String kind, Object... fields) {
        return Row.of(fields);
    }

    public static TypeSerializer<?> serializer(TypeInformation<?> type, ExecutionConfig config) {
        return type.createSerializer(config);
    }

    public static void registerPojo(StreamExecutionEnvironment env, Class<?> type) {
        env.getConfig().registerPojoType(type);
    }

    public static int subtask(RuntimeContext context) {
        return context.getIndexOfThisSubtask();
    }

    public static void forEachTimer(InternalTimerService<?> service, TimerVisitor visitor) throws Exception {
        throw new UnsupportedOperationException("timers cannot be listed in this version");
    }

    public static List<Tuple2<Object, Object>> keysAndNamespaces(KeyedStateBackend<?> backend, String state) {
        throw new UnsupportedOperationException("namespaces cannot be listed in this version");
    }

    public static TumblingEventTimeWindows tumbling(long size) {
        return TumblingEventTimeWindows.of(Time.milliseconds(size));
    }

    public static SlidingEventTimeWindows sliding(long size, long slide) {
        return SlidingEventTimeWindows.of(Time.milliseconds(size), Time.milliseconds(slide));
    }

    public static EventTimeSessionWindows session(long gap) {
        return EventTimeSessionWindows.withGap(Time.milliseconds(gap));
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
