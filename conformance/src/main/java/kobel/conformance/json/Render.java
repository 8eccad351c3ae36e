package kobel.conformance.json;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.temporal.Temporal;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import kobel.conformance.flink.Flink;
import org.apache.flink.api.java.tuple.Tuple;
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
import org.apache.flink.types.ShortValue;

/** Java values as the JSON of expected.json. */
public final class Render {
    private static final long EXACT = 1L << 53;

    private static final Map<Class<?>, Function<Object, Object>> OTHERS = new ConcurrentHashMap<>();

    private Render() {}

    /** Says how values of exactly this class are rendered. */
    public static void register(Class<?> type, Function<Object, Object> renderer) {
        OTHERS.put(type, renderer);
    }

    public static Object json(Object value) {
        if (value != null && OTHERS.containsKey(value.getClass())) {
            return OTHERS.get(value.getClass()).apply(value);
        } else if (value == null || value instanceof Boolean || value instanceof Byte || value instanceof Short || value instanceof Integer) {
            return value;
        } else if (value instanceof Opaque) {
            return ((Opaque) value).expected();
        } else if (value instanceof Long) {
            long number = (Long) value;
            return number > EXACT || number < -EXACT ? String.valueOf(number) : value;
        } else if (value instanceof Float || value instanceof Double) {
            double number = ((Number) value).doubleValue();
            return Double.isNaN(number) || Double.isInfinite(number) ? value.toString() : new Json.Raw(value.toString());
        } else if (value instanceof CharSequence || value instanceof Character || value instanceof BigInteger || value instanceof BigDecimal) {
            return value.toString();
        } else if (value instanceof Temporal) {
            return value.toString();
        } else if (value instanceof java.sql.Timestamp) {
            return ((java.sql.Timestamp) value).toInstant().toString();
        } else if (value instanceof java.util.Date) {
            return Instant.ofEpochMilli(((java.util.Date) value).getTime()).toString();
        } else if (value instanceof Enum) {
            return ((Enum<?>) value).name();
        } else if (value.getClass().isArray()) {
            return array(value);
        } else {
            Object flink = flinkValue(value);
            return flink != value ? flink : compound(value);
        }
    }

    private static Object array(Object array) {
        if (array instanceof byte[]) {
            return Base64.getEncoder().encodeToString((byte[]) array);
        } else if (array instanceof char[]) {
            return new String((char[]) array);
        }
        List<Object> elements = new ArrayList<>();
        for (int i = 0; i < Array.getLength(array); i++) {
            elements.add(json(Array.get(array, i)));
        }
        return elements;
    }

    /** Flink's own mutable values and windows; anything else comes back as it is. */
    private static Object flinkValue(Object value) {
        if (value instanceof BooleanValue) {
            return ((BooleanValue) value).getValue();
        } else if (value instanceof ByteValue) {
            return ((ByteValue) value).getValue();
        } else if (value instanceof ShortValue) {
            return ((ShortValue) value).getValue();
        } else if (value instanceof IntValue) {
            return ((IntValue) value).getValue();
        } else if (value instanceof LongValue) {
            return json(((LongValue) value).getValue());
        } else if (value instanceof FloatValue) {
            return json(((FloatValue) value).getValue());
        } else if (value instanceof DoubleValue) {
            return json(((DoubleValue) value).getValue());
        } else if (value instanceof CharValue) {
            return json(((CharValue) value).getValue());
        } else if (value instanceof NullValue) {
            return null;
        } else if (value instanceof TimeWindow) {
            return Json.object("start", json(((TimeWindow) value).getStart()), "end", json(((TimeWindow) value).getEnd()));
        } else if (value instanceof GlobalWindow) {
            return "GlobalWindow";
        } else if (value.getClass().getName().endsWith(".VoidNamespace")) {
            return null;
        }
        return value;
    }

    private static Object compound(Object value) {
        if (value instanceof Tuple) {
            Tuple tuple = (Tuple) value;
            List<Object> fields = new ArrayList<>();
            for (int i = 0; i < tuple.getArity(); i++) {
                fields.add(json(tuple.getField(i)));
            }
            return fields;
        } else if (value instanceof Row) {
            Row row = (Row) value;
            List<Object> fields = new ArrayList<>();
            for (int i = 0; i < row.getArity(); i++) {
                fields.add(json(row.getField(i)));
            }
            return Json.object("kind", Flink.rowKind(row), "fields", fields);
        } else if (value instanceof Either) {
            Either<?, ?> either = (Either<?, ?>) value;
            return either.isLeft() ? Json.object("left", json(either.left())) : Json.object("right", json(either.right()));
        } else if (value instanceof Map) {
            List<Object> pairs = new ArrayList<>();
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
                List<Object> pair = new ArrayList<>();
                pair.add(json(entry.getKey()));
                pair.add(json(entry.getValue()));
                pairs.add(pair);
            }
            return Json.sorted(pairs);
        } else if (value instanceof Collection) {
            List<Object> elements = new ArrayList<>();
            for (Object element : (Collection<?>) value) {
                elements.add(json(element));
            }
            return value instanceof Set ? Json.sorted(elements) : elements;
        }
        return plainObject(value);
    }

    private static Object plainObject(Object value) {
        Map<String, Object> fields = new TreeMap<>();
        for (Class<?> type = value.getClass(); type != Object.class && type != Record.class; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers()) && !Modifier.isTransient(field.getModifiers())) {
                    try {
                        field.setAccessible(true);
                        fields.put(field.getName(), json(field.get(value)));
                    } catch (IllegalAccessException e) {
                        throw new IllegalStateException(e);
                    }
                }
            }
        }
        return Json.object("class", value.getClass().getName(), "fields", fields);
    }
}
