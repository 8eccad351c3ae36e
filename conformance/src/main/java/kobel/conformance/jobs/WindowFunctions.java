package kobel.conformance.jobs;

import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.GlobalWindows;
import org.apache.flink.streaming.api.windowing.evictors.CountEvictor;
import org.apache.flink.streaming.api.windowing.triggers.CountTrigger;
import org.apache.flink.streaming.api.windowing.triggers.PurgingTrigger;
import org.apache.flink.streaming.api.windowing.windows.GlobalWindow;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.streaming.api.windowing.windows.Window;
import org.apache.flink.util.Collector;

/** The user functions of the window operators; what they send goes nowhere. */
final class WindowFunctions {
    private WindowFunctions() {}

    private abstract static class Counting<W extends Window> extends ProcessWindowFunction<Integer, Integer, Long, W> {
        private static final long serialVersionUID = 1;

        @Override
        public void process(Long key, Context context, Iterable<Integer> elements, Collector<Integer> out) {
            int count = 0;
            for (Integer ignored : elements) {
                count++;
            }
            out.collect(count);
        }
    }

    static final class PerTimeWindow extends Counting<TimeWindow> {
        private static final long serialVersionUID = 1;
    }

    static final class PerGlobalWindow extends Counting<GlobalWindow> {
        private static final long serialVersionUID = 1;
    }

    static SingleOutputStreamOperator<?> purging(KeyedStream<Integer, Long> stream, int fire) {
        return stream.window(GlobalWindows.create())
                .trigger(PurgingTrigger.of(CountTrigger.of(fire)))
                .process(new PerGlobalWindow(), Types.INT);
    }

    static SingleOutputStreamOperator<?> evicting(KeyedStream<Integer, Long> stream, int fire, int keep) {
        return stream.window(GlobalWindows.create())
                .trigger(CountTrigger.of(fire))
                .evictor(CountEvictor.of(keep))
                .process(new PerGlobalWindow(), Types.INT);
    }
}
