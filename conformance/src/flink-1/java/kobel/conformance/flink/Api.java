package kobel.conformance.flink;

import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.windowing.assigners.EventTimeSessionWindows;
import org.apache.flink.streaming.api.windowing.assigners.SlidingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.time.Time;

/** What differs between Flink 1 and 2; this one is for 1. */
class Api {
    Api() {}

    public static StateTtlConfig ttlOfDays(int days) {
        return StateTtlConfig.newBuilder(org.apache.flink.api.common.time.Time.days(days)).build();
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

    public static TumblingEventTimeWindows tumbling(long size) {
        return TumblingEventTimeWindows.of(Time.milliseconds(size));
    }

    public static SlidingEventTimeWindows sliding(long size, long slide) {
        return SlidingEventTimeWindows.of(Time.milliseconds(size), Time.milliseconds(slide));
    }

    public static EventTimeSessionWindows session(long gap) {
        return EventTimeSessionWindows.withGap(Time.milliseconds(gap));
    }
}
