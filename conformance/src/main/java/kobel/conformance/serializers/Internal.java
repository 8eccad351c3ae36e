package kobel.conformance.serializers;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.List;
import kobel.conformance.json.Json;
import kobel.conformance.json.Render;
import org.apache.flink.api.common.typeutils.TypeSerializer;

/**
 * Renders the internal data of Flink SQL, which only its serializer knows the types of. By reflection, so that all else
 * is compiled and run without Flink's table modules.
 */
final class Internal {
    private static final String DATA = "org.apache.flink.table.data.";

    private Internal() {}

    static Object json(TypeSerializer<?> serializer, Object value) {
        if (value == null) {
            return null;
        }
        try {
            switch (serializer.getClass().getSimpleName()) {
                case "RowDataSerializer":
                    return row((Object[]) field(serializer, "types"), value);
                case "ArrayDataSerializer":
                    return array(field(serializer, "eleType"), value);
                case "MapDataSerializer":
                    return map(field(serializer, "keyType"), field(serializer, "valueType"), value);
                case "StringDataSerializer":
                    return value.toString();
                case "DecimalDataSerializer":
                    return ((BigDecimal) call(value, "toBigDecimal")).toPlainString();
                case "TimestampDataSerializer":
                    return call(value, "toLocalDateTime").toString();
                default:
                    return value.getClass().getName().startsWith("scala.") ? scala(value) : Render.json(value);
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Options, Eithers, tuples and collections of Scala, and what is in them. */
    private static Object scala(Object value) throws ReflectiveOperationException {
        String name = value == null ? "" : value.getClass().getName();
        if (!name.startsWith("scala.")) {
            return Render.json(value);
        } else if (name.equals("scala.None$")) {
            return null;
        } else if (name.equals("scala.Some")) {
            return scala(call(value, "get"));
        } else if (name.equals("scala.util.Left") || name.equals("scala.util.Right")) {
            return Json.object(name.endsWith("Left") ? "left" : "right", scala(call(value, "value")));
        } else if (name.startsWith("scala.Enumeration")) {
            return value.toString();
        }
        boolean isTuple = name.startsWith("scala.Tuple");
        Object iterator = call(value, isTuple ? "productIterator" : "iterator");
        List<Object> elements = new ArrayList<>();
        while ((Boolean) call(iterator, "hasNext")) {
            elements.add(scala(call(iterator, "next")));
        }
        return elements;
    }

    private static Object row(Object[] types, Object row) throws ReflectiveOperationException {
        List<Object> fields = new ArrayList<>();
        for (int i = 0; i < types.length; i++) {
            Object getter = create("RowData", "createFieldGetter", new Class<?>[] {logicalType(), int.class}, types[i], i);
            fields.add(typed(types[i], get(getter, "RowData$FieldGetter", "getFieldOrNull", "RowData", row)));
        }
        return Json.object("kind", call(call(row, "getRowKind"), "shortString"), "fields", fields);
    }

    private static List<Object> array(Object type, Object array) throws ReflectiveOperationException {
        Object getter = create("ArrayData", "createElementGetter", new Class<?>[] {logicalType()}, type);
        Method get = method("ArrayData$ElementGetter", "getElementOrNull", Class.forName(DATA + "ArrayData"), int.class);
        List<Object> elements = new ArrayList<>();
        for (int i = 0; i < (Integer) call(array, "size"); i++) {
            elements.add(typed(type, get.invoke(getter, array, i)));
        }
        return elements;
    }

    private static Object map(Object keyType, Object valueType, Object map) throws ReflectiveOperationException {
        List<Object> keys = array(keyType, call(map, "keyArray"));
        List<Object> values = array(valueType, call(map, "valueArray"));
        List<Object> pairs = new ArrayList<>();
        for (int i = 0; i < keys.size(); i++) {
            List<Object> pair = new ArrayList<>();
            pair.add(keys.get(i));
            pair.add(values.get(i));
            pairs.add(pair);
        }
        return Json.sorted(pairs);
    }

    private static Object typed(Object type, Object value) throws ReflectiveOperationException {
        if (value == null) {
            return null;
        }
        List<?> children = (List<?>) call(type, "getChildren");
        switch (call(type, "getTypeRoot").toString()) {
            case "ROW":
            case "STRUCTURED_TYPE":
                return row(children.toArray(), value);
            case "ARRAY":
                return array(children.get(0), value);
            case "MAP":
                return map(children.get(0), children.get(1), value);
            case "MULTISET":
                return map(children.get(0), Class.forName("org.apache.flink.table.types.logical.IntType").getConstructor().newInstance(), value);
            case "DATE":
                return LocalDate.ofEpochDay((Integer) value).toString();
            case "TIME_WITHOUT_TIME_ZONE":
                return LocalTime.ofNanoOfDay((Integer) value * 1_000_000L).toString();
            case "DECIMAL":
                return ((BigDecimal) call(value, "toBigDecimal")).toPlainString();
            case "TIMESTAMP_WITHOUT_TIME_ZONE":
                return call(value, "toLocalDateTime").toString();
            case "TIMESTAMP_WITH_LOCAL_TIME_ZONE":
                return call(value, "toInstant").toString();
            case "CHAR":
            case "VARCHAR":
                return value.toString();
            default:
                return Render.json(value);
        }
    }

    private static Class<?> logicalType() throws ClassNotFoundException {
        return Class.forName("org.apache.flink.table.types.logical.LogicalType");
    }

    private static Object create(String type, String name, Class<?>[] parameters, Object... arguments) throws ReflectiveOperationException {
        return method(type, name, parameters).invoke(null, arguments);
    }

    private static Object get(Object getter, String type, String name, String holder, Object value) throws ReflectiveOperationException {
        return method(type, name, Class.forName(DATA + holder)).invoke(getter, value);
    }

    private static Method method(String type, String name, Class<?>... parameters) throws ReflectiveOperationException {
        return Class.forName(DATA + type).getMethod(name, parameters);
    }

    private static Object call(Object object, String name) throws ReflectiveOperationException {
        Method method = object.getClass().getMethod(name);
        method.setAccessible(true);
        return method.invoke(object);
    }

    private static Object field(Object object, String name) throws ReflectiveOperationException {
        Field field = object.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field.get(object);
    }
}
