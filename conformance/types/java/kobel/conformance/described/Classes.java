package kobel.conformance.described;

import java.io.IOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.types.CopyableValue;
import org.apache.flink.types.Value;

/** Classes of a job's own, which are described to kobel. */
public final class Classes {
    private Classes() {}

    /** Fields by value, for all POJOs below: equal if the fields are. */
    public abstract static class Fields {
        abstract Object[] values();

        @Override
        public boolean equals(Object other) {
            return other != null && other.getClass() == getClass() && Objects.deepEquals(values(), ((Fields) other).values());
        }

        @Override
        public int hashCode() {
            return java.util.Arrays.deepHashCode(values());
        }
    }

    public enum Color {
        RED,
        GREEN,
        BLUE {
            @Override
            public String toString() {
                return "azure";
            }
        }
    }

    /** Declared in another order than that of the names. */
    public static class Balance extends Fields {
        public String owner;
        public long amount;
        public BigDecimal limit;
        public Boolean open;
        public Color color;
        public Instant since;
        public int[] history;
        public transient String cache;

        @Override
        Object[] values() {
            return new Object[] {owner, amount, limit, open, color, since, history};
        }
    }

    public static class Shape extends Fields {
        public int id;
        public String name;

        @Override
        Object[] values() {
            return new Object[] {id, name};
        }
    }

    public static class Circle extends Shape {
        public double radius;

        @Override
        Object[] values() {
            return new Object[] {id, name, radius};
        }
    }

    public static class Square extends Shape {
        public long side;

        @Override
        Object[] values() {
            return new Object[] {id, name, side};
        }
    }

    /** Another POJO, a tuple and an array of POJOs in a POJO. */
    public static class Nested extends Fields {
        public Circle circle;
        public org.apache.flink.api.java.tuple.Tuple2<String, Long> pair;
        public Circle[] circles;
        public Long[] numbers;

        @Override
        Object[] values() {
            return new Object[] {circle, pair, circles, numbers};
        }
    }

    /** What Flink makes of collections depends on its version. */
    public static class Collections extends Fields {
        public List<String> tags;
        public Map<String, Long> counts;
        public Set<Integer> marks;

        @Override
        Object[] values() {
            return new Object[] {tags, counts, marks};
        }
    }

    public static final class Money implements Value {
        public long cents;

        @Override
        public void write(DataOutputView out) throws IOException {
            out.writeLong(cents);
        }

        @Override
        public void read(DataInputView in) throws IOException {
            cents = in.readLong();
        }
    }

    public static final class CopyableMoney implements CopyableValue<CopyableMoney> {
        public long cents;

        @Override
        public void write(DataOutputView out) throws IOException {
            out.writeLong(cents);
        }

        @Override
        public void read(DataInputView in) throws IOException {
            cents = in.readLong();
        }

        @Override
        public int getBinaryLength() {
            return 8;
        }

        @Override
        public void copyTo(CopyableMoney target) {
            target.cents = cents;
        }

        @Override
        public CopyableMoney copy() {
            CopyableMoney copy = new CopyableMoney();
            copyTo(copy);
            return copy;
        }

        @Override
        public void copy(DataInputView source, DataOutputView target) throws IOException {
            target.write(source, 8);
        }
    }
}
