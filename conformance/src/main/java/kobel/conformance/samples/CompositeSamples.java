package kobel.conformance.samples;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import kobel.conformance.flink.Flink;
import kobel.conformance.flink.SerializerType;
import kobel.conformance.types.Signal;
import kobel.conformance.types.Weekday;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.api.java.tuple.Tuple;
import org.apache.flink.api.java.tuple.Tuple1;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple25;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.api.java.typeutils.EitherTypeInfo;
import org.apache.flink.api.java.typeutils.ListTypeInfo;
import org.apache.flink.api.java.typeutils.MapTypeInfo;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.api.java.typeutils.TupleTypeInfo;
import org.apache.flink.api.java.typeutils.ValueTypeInfo;
import org.apache.flink.api.java.typeutils.runtime.NullableSerializer;
import org.apache.flink.api.java.typeutils.runtime.TupleSerializer;
import org.apache.flink.types.BooleanValue;
import org.apache.flink.types.ByteValue;
import org.apache.flink.types.CharValue;
import org.apache.flink.types.DoubleValue;
import org.apache.flink.types.Either;
import org.apache.flink.types.FloatValue;
import org.apache.flink.types.IntValue;
import org.apache.flink.types.LongValue;
import org.apache.flink.types.Row;
import org.apache.flink.types.ShortValue;
import org.apache.flink.types.StringValue;

/** Enums, tuples, Either, lists, maps, rows, arrays of objects, nullable and mutable values. */
public final class CompositeSamples {
    private CompositeSamples() {}

    public static List<Sample> all() {
        List<Sample> samples = new ArrayList<>();
        samples.add(Sample.of("enum", Types.ENUM(Weekday.class), (Object[]) Weekday.values()));
        samples.add(Sample.of("enum-odd", Types.ENUM(Signal.class), (Object[]) Signal.values()));
        tuples(samples);
        either(samples);
        collections(samples);
        rows(samples);
        nullable(samples);
        mutableValues(samples);
        return samples;
    }

    private static void tuples(List<Sample> samples) {
        samples.add(Sample.of("tuple1", Types.TUPLE(Types.LONG), Tuple1.of(5L), Tuple1.of(-5L)));
        samples.add(Sample.of("tuple2", Types.TUPLE(Types.STRING, Types.INT), Tuple2.of("left", 1), Tuple2.of(null, -1)));
        samples.add(Sample.of("tuple3", Types.TUPLE(Types.BIG_DEC, Types.BOOLEAN, Types.PRIMITIVE_ARRAY(Types.BYTE)),
                Tuple3.of(new BigDecimal("3.10"), true, new byte[] {1, 2}), Tuple3.of(null, false, new byte[0])));
        samples.add(Sample.of("tuple-nested", Types.TUPLE(Types.TUPLE(Types.INT, Types.TUPLE(Types.STRING)), Types.LIST(Types.TUPLE(Types.LONG, Types.DOUBLE))),
                Tuple2.of(Tuple2.of(1, Tuple1.of("deep")), Arrays.asList(Tuple2.of(1L, 1.5), Tuple2.of(-2L, -0d))),
                Tuple2.of(Tuple2.of(2, Tuple1.of(null)), new ArrayList<>())));
        TypeInformation<?>[] types = new TypeInformation<?>[25];
        Tuple wide = new Tuple25<>();
        for (int i = 0; i < types.length; i++) {
            types[i] = i % 3 == 0 ? Types.INT : i % 3 == 1 ? Types.STRING : Types.LONG;
            wide.setField(i % 3 == 0 ? (Object) i : i % 3 == 1 ? (Object) ("f" + i) : (Object) (i * 1_000_000_000_000L), i);
        }
        samples.add(Sample.of("tuple25", new TupleTypeInfo<>(Tuple25.class, types), wide));
    }

    private static void either(List<Sample> samples) {
        samples.add(Sample.of("either", new EitherTypeInfo<>(Types.INT, Types.STRING), Either.Left(7), Either.Right("seven"), Either.Right("")));
        samples.add(Sample.of("either-nested", new EitherTypeInfo<>(new EitherTypeInfo<>(Types.LONG, Types.BOOLEAN), Types.TUPLE(Types.INT, Types.INT)),
                Either.Left(Either.Left(1L)), Either.Left(Either.Right(true)), Either.Right(Tuple2.of(3, 4))));
    }

    private static void collections(List<Sample> samples) {
        samples.add(Sample.of("list", new ListTypeInfo<>(Types.INT), new ArrayList<>(), Arrays.asList(3, 1, 2, 1)));
        samples.add(Sample.of("list-of-lists", new ListTypeInfo<>(new ListTypeInfo<>(Types.STRING)),
                new ArrayList<>(), Arrays.asList(Arrays.asList("a", ""), new ArrayList<>(), Arrays.asList("\ud83d\ude00"))));
        samples.add(Sample.of("map", new MapTypeInfo<>(Types.STRING, Types.INT), new HashMap<>(), map("one", 1, "none", null, "", 0)));
        samples.add(Sample.of("map-of-maps", new MapTypeInfo<>(Types.LONG, new MapTypeInfo<>(Types.ENUM(Weekday.class), Types.LIST(Types.DOUBLE))),
                map(1L, map(Weekday.MONDAY, Arrays.asList(1.0, -0d), Weekday.SUNDAY, null), -1L, null, 0L, new HashMap<>())));
        samples.add(Sample.of("tuple-array", Types.OBJECT_ARRAY(Types.TUPLE(Types.INT, Types.STRING)),
                new Tuple2<?, ?>[0], new Tuple2<?, ?>[] {Tuple2.of(1, "x"), null, Tuple2.of(2, null)}));
        samples.add(Sample.of("array-of-arrays", Types.OBJECT_ARRAY(Types.PRIMITIVE_ARRAY(Types.LONG)),
                (Object) new long[][] {{1, 2}, {}, null, {Long.MIN_VALUE}}));
        samples.add(Sample.of("big-integer-array", Types.OBJECT_ARRAY(Types.BIG_INT), (Object) new BigInteger[] {BigInteger.ONE, null, new BigInteger("1")}));
    }

    private static void rows(List<Sample> samples) {
        samples.add(Sample.of("row", Types.ROW(Types.INT, Types.STRING, Types.DOUBLE),
                Flink.row("+I", 1, "a", 1.5), Flink.row("-U", null, "b", null), Flink.row("+U", 3, null, -0d), Flink.row("-D", null, null, null)));
        TypeInformation<?>[] types = new TypeInformation<?>[17];
        Arrays.fill(types, Types.SHORT);
        Object[] fields = new Object[17];
        for (int i = 0; i < fields.length; i += 2) {
            fields[i] = (short) (i * 1000 - 1);
        }
        samples.add(Sample.of("row-wide", new RowTypeInfo(types), Flink.row("+I", fields), Flink.row("-D", new Object[17])));
        samples.add(Sample.of("row-nested", Types.ROW_NAMED(new String[] {"id", "sub", "tags", "weights"},
                        Types.LONG, Types.ROW(Types.STRING, Types.BIG_DEC), Types.LIST(Types.STRING), Types.MAP(Types.STRING, Types.FLOAT)),
                Flink.row("+I", 1L, Flink.row("-D", "in", new BigDecimal("7.70")), Arrays.asList("t", "u"), map("w", 0.5f, "n", null)),
                Flink.row("+U", null, null, null, null)));
    }

    private static void nullable(List<Sample> samples) {
        TypeSerializer<Long> padded = NullableSerializer.wrap(LongSerializer.INSTANCE, true);
        TypeSerializer<Long> bare = NullableSerializer.wrap(LongSerializer.INSTANCE, false);
        @SuppressWarnings({"unchecked", "rawtypes"})
        TypeSerializer<Tuple> tuple = new TupleSerializer(Tuple3.class, new TypeSerializer<?>[] {padded, StringSerializer.INSTANCE, bare});
        samples.add(Sample.of("tuple-nullable", new SerializerType<>(Tuple3.class, tuple),
                Tuple3.of(1L, "x", 2L), Tuple3.of(null, null, null), Tuple3.of(3L, "", null)));
        samples.add(Sample.of("nullable", new SerializerType<>(Long.class, padded), 1L, Long.MIN_VALUE));
    }

    private static void mutableValues(List<Sample> samples) {
        samples.add(Sample.of("boolean-value", ValueTypeInfo.BOOLEAN_VALUE_TYPE_INFO, new BooleanValue(true), new BooleanValue(false)));
        samples.add(Sample.of("byte-value", ValueTypeInfo.BYTE_VALUE_TYPE_INFO, new ByteValue((byte) -7)));
        samples.add(Sample.of("short-value", ValueTypeInfo.SHORT_VALUE_TYPE_INFO, new ShortValue((short) -700)));
        samples.add(Sample.of("int-value", ValueTypeInfo.INT_VALUE_TYPE_INFO, new IntValue(-70_000)));
        samples.add(Sample.of("long-value", ValueTypeInfo.LONG_VALUE_TYPE_INFO, new LongValue(Long.MIN_VALUE), new LongValue(5)));
        samples.add(Sample.of("float-value", ValueTypeInfo.FLOAT_VALUE_TYPE_INFO, new FloatValue(0.1f)));
        samples.add(Sample.of("double-value", ValueTypeInfo.DOUBLE_VALUE_TYPE_INFO, new DoubleValue(-0.1)));
        samples.add(Sample.of("char-value", ValueTypeInfo.CHAR_VALUE_TYPE_INFO, new CharValue('€')));
        samples.add(Sample.of("string-value", ValueTypeInfo.STRING_VALUE_TYPE_INFO, new StringValue(""), new StringValue("Wert")));
    }

    static <K, V> Map<K, V> map(Object... keysAndValues) {
        Map<Object, Object> map = new HashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        @SuppressWarnings("unchecked")
        Map<K, V> typed = (Map<K, V>) map;
        return typed;
    }
}
