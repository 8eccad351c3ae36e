package kobel.conformance.described;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import kobel.conformance.described.Classes.Balance;
import kobel.conformance.described.Classes.Circle;
import kobel.conformance.described.Classes.Color;
import kobel.conformance.described.Classes.CopyableMoney;
import kobel.conformance.described.Classes.Money;
import kobel.conformance.described.Classes.Nested;
import kobel.conformance.described.Classes.Shape;
import kobel.conformance.described.Classes.Square;
import org.apache.flink.api.common.typeinfo.TypeHint;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.tuple.Tuple0;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.typeutils.TupleTypeInfo;
import org.apache.flink.api.java.typeutils.ValueTypeInfo;
import org.apache.flink.api.java.typeutils.runtime.NullableSerializer;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.windowing.windows.GlobalWindow;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.types.BooleanValue;
import org.apache.flink.types.ByteValue;
import org.apache.flink.types.CharValue;
import org.apache.flink.types.DoubleValue;
import org.apache.flink.types.Either;
import org.apache.flink.types.FloatValue;
import org.apache.flink.types.IntValue;
import org.apache.flink.types.LongValue;
import org.apache.flink.types.NullValue;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.apache.flink.types.ShortValue;
import org.apache.flink.types.StringValue;

/** Described types, and what a job says in Java. */
final class Cases {
    private final List<Case> cases = new ArrayList<>();

    /** Those of Kryo apart: what Flink writes of them depends on the class path. */
    static List<Case> all() {
        Cases made = new Cases();
        String which = System.getProperty("cases", "all");
        if (!which.equals("kryo")) {
            made.basic();
            made.arrays();
            made.composite();
            made.pojos();
            made.runtime();
            AvroCases.add(made);
            SqlCases.add(made);
        }
        if (!which.equals("plain")) {
            KryoCases.add(made);
        }
        return made.cases;
    }

    void add(String name, String type, TypeSerializer<?> serializer, Object... values) {
        cases.add(new Case(name, type, serializer, values));
    }

    void add(String name, String type, TypeInformation<?> info, Object... values) {
        add(name, type, Versions.serializer(info, Versions.config()), values);
    }

    private void basic() {
        add("boolean", "'boolean'", Types.BOOLEAN, "true", true, "false", false);
        add("byte", "'byte'", Types.BYTE, "-7", (byte) -7);
        add("short", "'short'", Types.SHORT, "-300", (short) -300);
        add("int", "'int'", Types.INT, "70000", 70000);
        add("long", "'long'", Types.LONG, "-1", -1L, "'9223372036854775807'", Long.MAX_VALUE);
        add("float", "'float'", Types.FLOAT, "1.5", 1.5f);
        add("double", "'double'", Types.DOUBLE, "-0.1", -0.1, "'NaN'", Double.NaN);
        add("char", "'char'", Types.CHAR, "'k'", 'k');
        add("string", "'string'", Types.STRING, "'Flink'", "Flink", "null", null);
        add("java names", "'java.lang.Integer'", Types.INT, "1", 1);
        add("big integer", "'bigInteger'", Types.BIG_INT, "'123456789012345678901'", new BigInteger("123456789012345678901"));
        add("big decimal", "'bigDecimal'", Types.BIG_DEC, "'-12.340'", new BigDecimal("-12.340"));
        add("date", "'date'", TypeInformation.of(Date.class), "'1970-01-01T00:00:01Z'", new Date(1000));
        add("sql date", "'sqlDate'", Types.SQL_DATE, "'1970-01-02T00:00:00Z'", new java.sql.Date(86400000));
        add("sql time", "'sqlTime'", Types.SQL_TIME, "'1970-01-01T01:02:03Z'", new java.sql.Time(3723000));
        add("sql timestamp", "'sqlTimestamp'", Types.SQL_TIMESTAMP, "'1970-01-01T00:00:01.234Z'", new java.sql.Timestamp(1234));
        add("instant", "'instant'", Types.INSTANT, "'2026-11-22T01:02:03.000000004Z'", Instant.parse("2026-11-22T01:02:03.000000004Z"));
        add("local date", "'localDate'", Types.LOCAL_DATE, "'2026-11-22'", LocalDate.of(2026, 11, 22));
        add("local time", "'localTime'", Types.LOCAL_TIME, "'01:02:03.000000004'", LocalTime.of(1, 2, 3, 4));
        add("local date time", "'localDateTime'", Types.LOCAL_DATE_TIME, "'2026-11-22T01:02:03'", LocalDateTime.of(2026, 11, 22, 1, 2, 3));
        add("void", "'void'", Types.VOID, "null", null);
        add("boolean value", "'booleanValue'", ValueTypeInfo.BOOLEAN_VALUE_TYPE_INFO, "true", new BooleanValue(true));
        add("byte value", "'byteValue'", ValueTypeInfo.BYTE_VALUE_TYPE_INFO, "7", new ByteValue((byte) 7));
        add("short value", "'shortValue'", ValueTypeInfo.SHORT_VALUE_TYPE_INFO, "7", new ShortValue((short) 7));
        add("int value", "'intValue'", ValueTypeInfo.INT_VALUE_TYPE_INFO, "7", new IntValue(7));
        add("long value", "'longValue'", ValueTypeInfo.LONG_VALUE_TYPE_INFO, "7", new LongValue(7));
        add("float value", "'floatValue'", ValueTypeInfo.FLOAT_VALUE_TYPE_INFO, "0.5", new FloatValue(0.5f));
        add("double value", "'doubleValue'", ValueTypeInfo.DOUBLE_VALUE_TYPE_INFO, "0.5", new DoubleValue(0.5));
        add("char value", "'charValue'", ValueTypeInfo.CHAR_VALUE_TYPE_INFO, "'c'", new CharValue('c'));
        add("string value", "'stringValue'", ValueTypeInfo.STRING_VALUE_TYPE_INFO, "'s'", new StringValue("s"));
        add("null value", "'nullValue'", ValueTypeInfo.NULL_VALUE_TYPE_INFO, "null", NullValue.getInstance());
        add("a value class", "{'value':'" + name(Money.class) + "'}", TypeInformation.of(Money.class));
        add("a copyable value class", "{'value':'" + name(CopyableMoney.class) + "','copyable':true}", TypeInformation.of(CopyableMoney.class));
        if (Versions.isSince(2, 1)) {
            add("variant", "'variant'", constant("org.apache.flink.api.common.typeutils.base.VariantSerializer"));
        }
        if (Versions.isSince(2, 3)) {
            add("bitmap", "'bitmap'", constant("org.apache.flink.api.common.typeutils.base.BitmapSerializer"));
        }
    }

    private void arrays() {
        add("boolean[]", "'boolean[]'", TypeInformation.of(boolean[].class), "[true,false]", new boolean[] {true, false});
        add("byte[]", "'byte[]'", TypeInformation.of(byte[].class), "'AQI='", new byte[] {1, 2});
        add("short[]", "'short[]'", TypeInformation.of(short[].class), "[1,-1]", new short[] {1, -1});
        add("int[]", "'int[]'", TypeInformation.of(int[].class), "[1,-1]", new int[] {1, -1});
        add("long[]", "'long[]'", TypeInformation.of(long[].class), "[1,-1]", new long[] {1, -1});
        add("float[]", "'float[]'", TypeInformation.of(float[].class), "[0.5]", new float[] {0.5f});
        add("double[]", "'double[]'", TypeInformation.of(double[].class), "[0.5]", new double[] {0.5});
        add("char[]", "'char[]'", TypeInformation.of(char[].class), "'ab'", new char[] {'a', 'b'});
        add("String[]", "'String[]'", TypeInformation.of(String[].class), "['a',null]", new String[] {"a", null});
        add("array of string", "{'array':'string'}", TypeInformation.of(String[].class), "['a']", new String[] {"a"});
        add("Long[]", "{'array':'long'}", TypeInformation.of(Long[].class), "[1,null]", new Long[] {1L, null});
        add("Instant[]", "{'array':'instant'}", TypeInformation.of(Instant[].class), "['1970-01-01T00:00:00Z']", new Instant[] {Instant.EPOCH});
        add("long[][]", "{'array':'long[]'}", TypeInformation.of(long[][].class), "[[1,2],[]]", new long[][] {{1, 2}, {}});
        add("Long[][]", "{'array':{'array':'long'}}", TypeInformation.of(Long[][].class), "[[1,null],null]", new Long[][] {{1L, null}, null});
        add("Shape[]", "{'array':" + SHAPE + "}", TypeInformation.of(Shape[].class), "[{'class':'" + name(Shape.class) + "','fields':{'id':1,'name':'a'}},null]", new Shape[] {shape(new Shape(), 1, "a"), null});
        add("Tuple2[]", "{'array':{'tuple':['string','int']}}", TypeInformation.of(new TypeHint<Tuple2<String, Integer>[]>() {}), "[['a',1]]", new Tuple2<?, ?>[] {Tuple2.of("a", 1)});
    }

    private void composite() {
        add("tuple0", "{'tuple':[]}", new TupleTypeInfo<>(Tuple0.class), "[]", Tuple0.INSTANCE);
        add("tuple1", "{'tuple':['string']}", Types.TUPLE(Types.STRING), "['a']", org.apache.flink.api.java.tuple.Tuple1.of("a"));
        add("tuple2", "{'tuple':['string','long']}", Types.TUPLE(Types.STRING, Types.LONG), "['a',1]", Tuple2.of("a", 1L));
        TypeInformation<?>[] ints = new TypeInformation<?>[25];
        Arrays.fill(ints, Types.INT);
        add("tuple25", "{'tuple':[" + String.join(",", Collections.nCopies(25, "'int'")) + "]}", Types.TUPLE(ints));
        Row row = Row.of(1, null, "x");
        add("row", "{'row':['int','long','string']}", Types.ROW(Types.INT, Types.LONG, Types.STRING), "{'kind':'+I','fields':[1,null,'x']}", row);
        Row named = Row.withNames(RowKind.UPDATE_BEFORE);
        named.setField("id", 7);
        named.setField("name", null);
        add("row with names", "{'row':{'id':'int','name':'string'}}", Types.ROW_NAMED(new String[] {"id", "name"}, Types.INT, Types.STRING), "{'kind':'-U','fields':[7,null]}", Row.ofKind(RowKind.UPDATE_BEFORE, 7, null));
        add("list", "{'list':'long'}", Types.LIST(Types.LONG), "[1,2]", Arrays.asList(1L, 2L), "[]", new ArrayList<Long>());
        add("map", "{'map':['string','long']}", Types.MAP(Types.STRING, Types.LONG), "[['a',1]]", Collections.singletonMap("a", 1L), "[['a',null]]", Collections.singletonMap("a", null));
        add("map of lists", "{'map':[{'tuple':['int','int']},{'list':'string'}]}", Types.MAP(Types.TUPLE(Types.INT, Types.INT), Types.LIST(Types.STRING)));
        if (Versions.isSince(2, 0)) {
            add("set", "{'set':'int'}", Sets.of(Types.INT), "[3]", Collections.singleton(3));
        }
        add("either", "{'either':['string','long']}", Types.EITHER(Types.STRING, Types.LONG), "{'left':'a'}", Either.Left("a"), "{'right':2}", Either.Right(2L));
        add("enum", COLOR, TypeInformation.of(Color.class), "'GREEN'", Color.GREEN, "'BLUE'", Color.BLUE);
        TypeSerializer<Long> number = Versions.serializer(Types.LONG, Versions.config());
        add("nullable", "{'nullable':'long'}", NullableSerializer.wrap(number, false), "1", 1L, "null", null);
        add("nullable, padded", "{'nullable':'long','padded':true}", NullableSerializer.wrap(number, true), "1", 1L, "null", null);
        TypeSerializer<String> text = Versions.serializer(Types.STRING, Versions.config());
        add("nullable of no fixed length", "{'nullable':'string','padded':true}", NullableSerializer.wrap(text, true), "'a'", "a", "null", null);
    }

    static final String COLOR = "{'enum':'" + name(Color.class) + "','constants':['RED','GREEN','BLUE']}";
    static final String SHAPE = "{'pojo':'" + name(Shape.class) + "','fields':{'name':'string','id':'int'}}";
    static final String CIRCLE = "{'pojo':'" + name(Circle.class) + "','fields':{'radius':'double'},'inherited':{'" + name(Shape.class) + "':{'id':'int','name':'string'}}}";
    static final String SQUARE = "{'pojo':'" + name(Square.class) + "','fields':{'side':'long'}}";

    private void pojos() {
        Balance balance = new Balance();
        balance.owner = "alice";
        balance.amount = 12;
        balance.limit = new BigDecimal("1.50");
        balance.color = Color.RED;
        balance.since = Instant.EPOCH;
        balance.history = new int[] {1, 2};
        add("pojo", "{'pojo':'" + name(Balance.class) + "','fields':{'owner':'string','amount':'long','limit':'bigDecimal','open':'boolean','color':" + COLOR
                + ",'since':'instant','history':'int[]'}}", TypeInformation.of(Balance.class),
                "{'class':'" + name(Balance.class) + "','fields':{'amount':12,'color':'RED','history':[1,2],'limit':'1.50','open':null,'owner':'alice','since':'1970-01-01T00:00:00Z'}}", balance, "null", null);
        Circle circle = new Circle();
        circle.radius = 0.5;
        shape(circle, 3, "c");
        add("pojo with inherited fields", CIRCLE, TypeInformation.of(Circle.class), "{'class':'" + name(Circle.class) + "','fields':{'id':3,'name':'c','radius':0.5}}", circle);
        Square square = new Square();
        square.side = 9;
        shape(square, 4, "s");
        add("pojo with registered subclasses", SHAPE.substring(0, SHAPE.length() - 1) + ",'registered':[" + SQUARE + ",{'pojo':'" + name(Circle.class) + "','fields':{'radius':'double'}}]}",
                Versions.serializer(TypeInformation.of(Shape.class), Versions.config(Square.class, Circle.class)),
                "{'class':'" + name(Shape.class) + "','fields':{'id':1,'name':'a'}}", shape(new Shape(), 1, "a"),
                "{'class':'" + name(Circle.class) + "','fields':{'id':3,'name':'c','radius':0.5}}", circle,
                "{'class':'" + name(Square.class) + "','fields':{'id':4,'name':'s','side':9}}", square);
        // Flink lists subclasses it was not told of once it has met one.
        TypeSerializer<Shape> met = Versions.serializer(TypeInformation.of(Shape.class), Versions.config());
        Meet.serialize(met, square);
        add("pojo with a subclass", SHAPE.substring(0, SHAPE.length() - 1) + ",'subclasses':[" + SQUARE + "]}", met,
                "{'class':'" + name(Square.class) + "','fields':{'id':4,'name':'s','side':9}}", square);
        Nested nested = new Nested();
        nested.circle = circle;
        nested.pair = Tuple2.of("p", 1L);
        nested.circles = new Circle[] {circle};
        nested.numbers = new Long[] {1L, null};
        add("pojo in a pojo", "{'pojo':'" + name(Nested.class) + "','fields':{'circle':" + CIRCLE + ",'pair':{'tuple':['string','long']},'circles':{'array':" + CIRCLE + "},'numbers':{'array':'long'}}}",
                TypeInformation.of(Nested.class),
                "{'class':'" + name(Nested.class) + "','fields':{'circle':{'class':'" + name(Circle.class) + "','fields':{'id':3,'name':'c','radius':0.5}},'circles':[{'class':'" + name(Circle.class) + "','fields':{'id':3,'name':'c','radius':0.5}}],'numbers':[1,null],'pair':['p',1]}}", nested);
        if (Versions.isSince(2, 0)) {
            Classes.Collections collections = new Classes.Collections();
            collections.tags = Arrays.asList("x", null);
            collections.counts = new HashMap<>();
            collections.counts.put("n", 5L);
            add("pojo with collections", "{'pojo':'" + name(Classes.Collections.class) + "','fields':{'tags':{'list':'string'},'counts':{'map':['string','long']},'marks':{'set':'int'}}}",
                    TypeInformation.of(Classes.Collections.class), "{'class':'" + name(Classes.Collections.class) + "','fields':{'counts':[['n',5]],'marks':null,'tags':['x',null]}}", collections);
        }
    }

    private void runtime() {
        add("void namespace", "'voidNamespace'", VoidNamespaceSerializer.INSTANCE, "null", VoidNamespace.INSTANCE);
        add("time window", "'timeWindow'", new TimeWindow.Serializer(), "{'start':0,'end':5000}", new TimeWindow(0, 5000));
        add("global window", "'globalWindow'", new GlobalWindow.Serializer(), "'GlobalWindow'", GlobalWindow.get());
    }

    static String name(Class<?> type) {
        return type.getName();
    }

    private static <T extends Shape> T shape(T shape, int id, String name) {
        shape.id = id;
        shape.name = name;
        return shape;
    }

    /** The instance of a serializer without parameters, of a class that not every version has. */
    static TypeSerializer<?> constant(String className) {
        try {
            return (TypeSerializer<?>) Class.forName(className).getField("INSTANCE").get(null);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
