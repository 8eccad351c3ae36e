package kobel.conformance.flink;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.windowing.assigners.EventTimeSessionWindows;
import org.apache.flink.streaming.api.windowing.assigners.SlidingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;

/** What differs between Flink versions; this one is for 2.x. */
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
        return StateTtlConfig.newBuilder(Duration.ofDays(days)).build();
    }

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

    public static TypeSerializer<?> serializer(TypeInformation<?> type, ExecutionConfig config) {
        return type.createSerializer(config.getSerializerConfig());
    }

    public static void registerPojo(StreamExecutionEnvironment env, Class<?> type) {
        ((SerializerConfigImpl) env.getConfig().getSerializerConfig()).registerPojoType(type);
    }

    public static int subtask(RuntimeContext context) {
        return context.getTaskInfo().getIndexOfThisSubtask();
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

    public static TumblingEventTimeWindows tumbling(long size) {
        return TumblingEventTimeWindows.of(Duration.ofMillis(size));
    }

    public static SlidingEventTimeWindows sliding(long size, long slide) {
        return SlidingEventTimeWindows.of(Duration.ofMillis(size), Duration.ofMillis(slide));
    }

    public static EventTimeSessionWindows session(long gap) {
        return EventTimeSessionWindows.withGap(Duration.ofMillis(gap));
    }

    /** Event time is the default here. */
    public static void useEventTime(StreamExecutionEnvironment env) {}

    public static JobGraph jobGraph(StreamExecutionEnvironment env, JobID id) {
        return env.getStreamGraph().getJobGraph(Flink.class.getClassLoader(), id);
    }

    public static String savepoint(MiniCluster cluster, JobID job, String directory, String format) throws Exception {
        return cluster.triggerSavepoint(job, directory, false, SavepointFormatType.valueOf(format.toUpperCase())).get();
    }

    public static String checkpoint(MiniCluster cluster, JobID job) throws Exception {
        return cluster.triggerCheckpoint(job).get();
    }
}
