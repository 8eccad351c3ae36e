package kobel.conformance.flink;

import java.time.Duration;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.windowing.assigners.EventTimeSessionWindows;
import org.apache.flink.streaming.api.windowing.assigners.SlidingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;

/** What differs between Flink 1 and 2; this one is for 2. */
class Api {
    Api() {}

    public static StateTtlConfig ttlOfDays(int days) {
        return StateTtlConfig.newBuilder(Duration.ofDays(days)).build();
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

    public static TumblingEventTimeWindows tumbling(long size) {
        return TumblingEventTimeWindows.of(Duration.ofMillis(size));
    }

    public static SlidingEventTimeWindows sliding(long size, long slide) {
        return SlidingEventTimeWindows.of(Duration.ofMillis(size), Duration.ofMillis(slide));
    }

    public static EventTimeSessionWindows session(long gap) {
        return EventTimeSessionWindows.withGap(Duration.ofMillis(gap));
    }
}
