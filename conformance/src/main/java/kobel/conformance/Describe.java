package kobel.conformance;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import kobel.conformance.json.Json;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.typeutils.ListTypeInfo;
import org.apache.flink.api.java.typeutils.MapTypeInfo;
import org.apache.flink.api.java.typeutils.PojoTypeInfo;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.api.java.typeutils.TupleTypeInfo;
import org.apache.flink.streaming.api.windowing.windows.GlobalWindow;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;

/** Types as a person describes them in a plan; null for those that have no description. */
final class Describe {
    private static final Map<TypeInformation<?>, String> NAMES = new LinkedHashMap<>();

    static {
        NAMES.put(Types.STRING, "string");
        NAMES.put(Types.BOOLEAN, "boolean");
        NAMES.put(Types.BYTE, "byte");
        NAMES.put(Types.SHORT, "short");
        NAMES.put(Types.INT, "int");
        NAMES.put(Types.LONG, "long");
        NAMES.put(Types.FLOAT, "float");
        NAMES.put(Types.DOUBLE, "double");
        NAMES.put(Types.CHAR, "char");
        NAMES.put(Types.BIG_DEC, "bigDecimal");
        NAMES.put(Types.BIG_INT, "bigInteger");
        NAMES.put(Types.PRIMITIVE_ARRAY(Types.BYTE), "byte[]");
    }

    private Describe() {}

    static Object type(TypeInformation<?> type) {
        if (NAMES.containsKey(type)) {
            return NAMES.get(type);
        }
        return null;
    }

    static Object serializer(TypeSerializer<?> serializer) {
        return null;
    }
}
