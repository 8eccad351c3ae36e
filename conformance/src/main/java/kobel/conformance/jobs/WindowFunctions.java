package kobel.conformance.jobs;

import java.util.ArrayList;
import java.util.List;
import kobel.conformance.model.Run;
import kobel.conformance.model.WindowModel;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.GlobalWindows;
import org.apache.flink.streaming.api.windowing.evictors.CountEvictor;
import org.apache.flink.streaming.api.windowing.triggers.CountTrigger;
import org.apache.flink.streaming.api.windowing.triggers.PurgingTrigger;
import org.apache.flink.streaming.api.windowing.windows.GlobalWindow;
import org.apache.flink.streaming.api.windowing.windows.Window;
import org.apache.flink.util.Collector;

/** The user function of the window operators; what it sends goes nowhere, what it gives is told to {@link Run}. */
final class WindowFunctions {
    private WindowFunctions() {}

    /** Tells which window gives what. */
    static final class Telling<T, W extends Window> extends ProcessWindowFunction<T, Integer, Long, W> {
        private static final long serialVersionUID = 1;
        private final int operator;

        Telling(int operator) {
            this.operator = operator;
        }

        @Override
        public void process(Long key, Context context, Iterable<T> elements, Collector<Integer> out) {
            List<Object> contents = new ArrayList<>();
            elements.forEach(contents::add);
            Run.result(operator, WindowModel.result(key, context.window(), contents));
            out.collect(contents.size());
        }
    }

    static SingleOutputStreamOperator<?> purging(KeyedStream<Integer, Long> stream, int fire, int operator) {
        return stream.window(GlobalWindows.create())
                .trigger(PurgingTrigger.of(CountTrigger.of(fire)))
                .process(new Telling<Integer, GlobalWindow>(operator), Types.INT);
    }

    static SingleOutputStreamOperator<?> evicting(KeyedStream<Integer, Long> stream, int fire, int keep, int operator) {
        return stream.window(GlobalWindows.create())
                .trigger(CountTrigger.of(fire))
                .evictor(CountEvictor.of(keep))
                .process(new Telling<Integer, GlobalWindow>(operator), Types.INT);
    }
}
