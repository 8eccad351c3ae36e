package kobel.conformance.described;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.api.common.typeutils.TypeSerializer;

/** A type as it is described to kobel, the serializer that a job has for it, and values in kobel's JSON and as objects. */
final class Case {
    final String name;
    /** The described type. */
    final String type;
    final TypeSerializer<?> serializer;
    final Map<String, Object> values = new LinkedHashMap<>();

    Case(String name, String type, TypeSerializer<?> serializer, Object... values) {
        this.name = name;
        this.type = json(type);
        this.serializer = serializer;
        for (int i = 0; i < values.length; i += 2) {
            this.values.put(json((String) values[i]), values[i + 1]);
        }
    }

    /** Cases are written with single quotes, for legibility. */
    private static String json(String text) {
        return text.replace('\'', '"');
    }
}
