package kobel.conformance.json;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON made of maps, lists, strings, numbers, booleans and null, printed the same way every time. */
public final class Json {
    private static final int LINE_LENGTH = 160;

    /** A number whose text is given (floats print as Java prints them). */
    public record Raw(String text) {}

    private Json() {}

    /** An object from alternating names and values. */
    public static Map<String, Object> object(Object... namesAndValues) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            object.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return object;
    }

    /** A copy of the values in the order of their JSON text. */
    public static List<Object> sorted(List<?> values) {
        List<Object> copy = new ArrayList<>(values);
        copy.sort(Comparator.comparing(Json::text));
        return copy;
    }

    /** The value on one line. */
    public static String text(Object value) {
        StringBuilder out = new StringBuilder();
        write(out, value);
        return out.toString();
    }

    /** The value with a line for each member that does not fit on one. */
    public static String pretty(Object value) {
        StringBuilder out = new StringBuilder();
        pretty(out, value, "");
        return out.append('\n').toString();
    }

    private static void pretty(StringBuilder out, Object value, String indent) {
        String line = text(value);
        boolean isCompound = value instanceof Map || value instanceof List;
        if (!isCompound || line.length() + indent.length() <= LINE_LENGTH) {
            out.append(line);
            return;
        }
        String inner = indent + "  ";
        String separator = "\n" + inner;
        if (value instanceof Map) {
            out.append('{');
            for (Map.Entry<?, ?> member : ((Map<?, ?>) value).entrySet()) {
                out.append(separator);
                string(out, (String) member.getKey());
                out.append(": ");
                pretty(out, member.getValue(), inner);
                separator = ",\n" + inner;
            }
            out.append('\n').append(indent).append('}');
        } else {
            out.append('[');
            for (Object element : (List<?>) value) {
                out.append(separator);
                pretty(out, element, inner);
                separator = ",\n" + inner;
            }
            out.append('\n').append(indent).append(']');
        }
    }

    private static void write(StringBuilder out, Object value) {
        if (value == null || value instanceof Boolean || value instanceof Number) {
            out.append(value);
        } else if (value instanceof Raw) {
            out.append(((Raw) value).text());
        } else if (value instanceof String) {
            string(out, (String) value);
        } else if (value instanceof Map) {
            String separator = "{";
            for (Map.Entry<?, ?> member : ((Map<?, ?>) value).entrySet()) {
                out.append(separator);
                string(out, (String) member.getKey());
                out.append(": ");
                write(out, member.getValue());
                separator = ", ";
            }
            out.append(separator.equals("{") ? "{}" : "}");
        } else if (value instanceof List) {
            String separator = "[";
            for (Object element : (List<?>) value) {
                out.append(separator);
                write(out, element);
                separator = ", ";
            }
            out.append(separator.equals("[") ? "[]" : "]");
        } else {
            throw new IllegalArgumentException("not JSON: " + value.getClass());
        }
    }

    private static void string(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean isPair = Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1));
            if (isPair) {
                out.append(c).append(text.charAt(++i));
            } else if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (Character.isISOControl(c) || Character.isSurrogate(c)) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }
}
