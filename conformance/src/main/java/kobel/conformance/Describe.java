package kobel.conformance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import kobel.conformance.flink.Flink;
import kobel.conformance.json.Json;
import kobel.conformance.types.Pojos.Shape;
import kobel.conformance.types.Pojos.Square;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.typeinfo.BasicArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.BasicTypeInfo;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.tuple.Tuple;
import org.apache.flink.api.java.typeutils.EitherTypeInfo;
import org.apache.flink.api.java.typeutils.EnumTypeInfo;
import org.apache.flink.api.java.typeutils.ListTypeInfo;
import org.apache.flink.api.java.typeutils.MapTypeInfo;
import org.apache.flink.api.java.typeutils.ObjectArrayTypeInfo;
import org.apache.flink.api.java.typeutils.PojoField;
import org.apache.flink.api.java.typeutils.PojoTypeInfo;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.api.java.typeutils.TupleTypeInfo;
import org.apache.flink.api.java.typeutils.TypeExtractor;
import org.apache.flink.api.java.typeutils.ValueTypeInfo;
import org.apache.flink.api.java.typeutils.runtime.NullableSerializer;
import org.apache.flink.streaming.api.windowing.windows.GlobalWindow;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;

/** Types as a person describes them in a plan; null for those that have no description. */
final class Describe {
    private static final Map<TypeInformation<?>, String> NAMES = new LinkedHashMap<>();

    static {
        NAMES.put(Types.BIG_DEC, "bigDecimal");
        NAMES.put(Types.BIG_INT, "bigInteger");
        NAMES.put(BasicTypeInfo.DATE_TYPE_INFO, "date");
        NAMES.put(Types.SQL_DATE, "sqlDate");
        NAMES.put(Types.SQL_TIME, "sqlTime");
        NAMES.put(Types.SQL_TIMESTAMP, "sqlTimestamp");
        NAMES.put(BasicArrayTypeInfo.STRING_ARRAY_TYPE_INFO, "String[]");
    }

    private final List<Class<?>> registered;
    private final ExecutionConfig config;

    Describe(List<Class<?>> registeredPojos, ExecutionConfig config) {
        registered = registeredPojos;
        this.config = config;
    }

    Object type(TypeInformation<?> type) {
        if (NAMES.containsKey(type)) {
            return NAMES.get(type);
        } else if (type instanceof PrimitiveArrayTypeInfo) {
            return ((PrimitiveArrayTypeInfo<?>) type).getComponentClass() + "[]";
        } else if (type instanceof BasicTypeInfo || type.getTypeClass().getName().startsWith("java.time.")) {
            return name(type.getTypeClass());
        } else if (type instanceof ValueTypeInfo && type.getTypeClass().getName().startsWith("org.apache.flink.types.")) {
            return name(type.getTypeClass());
        } else if (type instanceof EnumTypeInfo) {
            return Json.object("enum", type.getTypeClass().getName(),
                    "constants", Arrays.stream(type.getTypeClass().getEnumConstants()).map(constant -> ((Enum<?>) constant).name()).toList());
        } else if (type instanceof PojoTypeInfo) {
            return pojo((PojoTypeInfo<?>) type, true);
        }
        return parts(type);
    }

    /** java.lang.Integer: int, java.time.LocalDate: localDate. */
    private static String name(Class<?> type) {
        String name = type.getSimpleName();
        return type == Integer.class ? "int" : type == Character.class ? "char" : Character.toLowerCase(name.charAt(0)) + name.substring(1);
    }

    private Object parts(TypeInformation<?> type) {
        if (type instanceof TupleTypeInfo && Tuple.class.isAssignableFrom(type.getTypeClass())) {
            return whole("tuple", fields((TupleTypeInfo<?>) type));
        } else if (type instanceof RowTypeInfo) {
            return whole("row", fields((RowTypeInfo) type));
        } else if (type instanceof EitherTypeInfo) {
            return whole("either", types(((EitherTypeInfo<?, ?>) type).getLeftType(), ((EitherTypeInfo<?, ?>) type).getRightType()));
        } else if (type instanceof ListTypeInfo) {
            return collection("list", type, type(((ListTypeInfo<?>) type).getElementTypeInfo()));
        } else if (type instanceof MapTypeInfo) {
            return collection("map", type, types(((MapTypeInfo<?, ?>) type).getKeyTypeInfo(), ((MapTypeInfo<?, ?>) type).getValueTypeInfo()));
        } else if (type.getTypeClass() == Set.class) {
            return collection("set", type, type(elementType(type)));
        } else if (type instanceof BasicArrayTypeInfo) {
            return whole("array", type(((BasicArrayTypeInfo<?, ?>) type).getComponentInfo()));
        } else if (type instanceof ObjectArrayTypeInfo) {
            return whole("array", type(((ObjectArrayTypeInfo<?, ?>) type).getComponentInfo()));
        }
        return null;
    }

    /** SetTypeInfo is not there before 2.0. */
    private static TypeInformation<?> elementType(TypeInformation<?> set) {
        try {
            return (TypeInformation<?>) set.getClass().getMethod("getElementTypeInfo").invoke(set);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException(set.toString(), e);
        }
    }

    private Object collection(String form, TypeInformation<?> type, Object parts) {
        boolean isNullable = Flink.serializer(type, config) instanceof NullableSerializer;
        return parts == null ? null : Json.object(form, parts, "nullable", isNullable);
    }

    private static Object whole(String form, Object parts) {
        return parts == null ? null : Json.object(form, parts);
    }

    private List<Object> fields(TypeInformation<?> type) {
        List<TypeInformation<?>> fields = new ArrayList<>();
        for (int i = 0; i < type.getArity(); i++) {
            fields.add(type instanceof RowTypeInfo ? ((RowTypeInfo) type).getTypeAt(i) : ((TupleTypeInfo<?>) type).getTypeAt(i));
        }
        return types(fields.toArray(new TypeInformation<?>[0]));
    }

    /** Null if one of them has no description. */
    private List<Object> types(TypeInformation<?>... types) {
        List<Object> described = new ArrayList<>();
        for (TypeInformation<?> type : types) {
            Object one = type(type);
            if (one == null) {
                return null;
            }
            described.add(one);
        }
        return described;
    }

    private Object pojo(PojoTypeInfo<?> type, boolean withSubclasses) {
        Map<String, Object> fields = new TreeMap<>();
        Map<String, Map<String, Object>> inherited = new TreeMap<>();
        for (int i = 0; i < type.getArity(); i++) {
            PojoField field = type.getPojoFieldAt(i);
            Class<?> declaring = field.getField().getDeclaringClass();
            Object described = type(field.getTypeInformation());
            if (described == null) {
                return null;
            } else if (declaring == type.getTypeClass()) {
                fields.put(field.getField().getName(), described);
            } else {
                inherited.computeIfAbsent(declaring.getName(), name -> new TreeMap<>()).put(field.getField().getName(), described);
            }
        }
        Map<String, Object> pojo = Json.object("pojo", type.getTypeClass().getName(), "fields", fields);
        if (!inherited.isEmpty()) {
            pojo.put("inherited", inherited);
        }
        if (withSubclasses) {
            subclasses(type.getTypeClass(), pojo);
        }
        return pojo;
    }

    private void subclasses(Class<?> type, Map<String, Object> pojo) {
        List<Object> known = new ArrayList<>();
        for (Class<?> subclass : registered) {
            if (type != subclass && type.isAssignableFrom(subclass)) {
                known.add(pojo((PojoTypeInfo<?>) TypeExtractor.getForClass(subclass), false));
            }
        }
        if (!known.isEmpty()) {
            pojo.put("registered", known);
        }
        if (type == Shape.class) {
            pojo.put("subclasses", List.of(pojo((PojoTypeInfo<?>) TypeExtractor.getForClass(Square.class), false)));
        }
    }

    /** Serializers that have no type, of windows and around other serializers. */
    Object serializer(TypeSerializer<?> serializer) {
        if (serializer instanceof TimeWindow.Serializer) {
            return "timeWindow";
        } else if (serializer instanceof GlobalWindow.Serializer) {
            return "globalWindow";
        }
        return null;
    }
}
