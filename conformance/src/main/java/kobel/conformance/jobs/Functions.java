package kobel.conformance.jobs;

import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.functions.ReduceFunction;
import org.apache.flink.api.java.tuple.Tuple2;

/** The user functions of reducing and aggregating states. They never change their arguments. */
final class Functions {
    private Functions() {}

    /** Adds up. */
    static final class Sum implements ReduceFunction<Long> {
        private static final long serialVersionUID = 1;

        @Override
        public Long reduce(Long left, Long right) {
            return left + right;
        }
    }

    /** Joins texts in order. */
    static final class Join implements ReduceFunction<String> {
        private static final long serialVersionUID = 1;

        @Override
        public String reduce(String left, String right) {
            return left + "+" + right;
        }
    }

    /** Sum and count of integers; the result is their mean. */
    static final class Mean implements AggregateFunction<Integer, Tuple2<Long, Integer>, Double> {
        private static final long serialVersionUID = 1;

        @Override
        public Tuple2<Long, Integer> createAccumulator() {
            return Tuple2.of(0L, 0);
        }

        @Override
        public Tuple2<Long, Integer> add(Integer value, Tuple2<Long, Integer> sum) {
            return Tuple2.of(sum.f0 + value, sum.f1 + 1);
        }

        @Override
        public Double getResult(Tuple2<Long, Integer> sum) {
            return sum.f1 == 0 ? 0.0 : (double) sum.f0 / sum.f1;
        }

        @Override
        public Tuple2<Long, Integer> merge(Tuple2<Long, Integer> left, Tuple2<Long, Integer> right) {
            return Tuple2.of(left.f0 + right.f0, left.f1 + right.f1);
        }
    }

    /** As Mean, but gives the accumulator itself: for reading. */
    static final class Accumulator implements AggregateFunction<Integer, Tuple2<Long, Integer>, Tuple2<Long, Integer>> {
        private static final long serialVersionUID = 1;

        @Override
        public Tuple2<Long, Integer> createAccumulator() {
            return new Mean().createAccumulator();
        }

        @Override
        public Tuple2<Long, Integer> add(Integer value, Tuple2<Long, Integer> sum) {
            return new Mean().add(value, sum);
        }

        @Override
        public Tuple2<Long, Integer> getResult(Tuple2<Long, Integer> sum) {
            return sum;
        }

        @Override
        public Tuple2<Long, Integer> merge(Tuple2<Long, Integer> left, Tuple2<Long, Integer> right) {
            return new Mean().merge(left, right);
        }
    }
}
