package kobel.conformance.types;

import java.lang.reflect.Field;
import java.util.Map;
import java.util.TreeMap;
import kobel.conformance.json.Json;
import kobel.conformance.json.Opaque;
import kobel.conformance.json.Render;
import org.apache.flink.api.java.tuple.Tuple2;

/** Values of known types with parts of unknown ones. */
public final class Mixed {
    private Mixed() {}

    /** A POJO with unknown fields among known ones. */
    public static class Parcel implements Opaque {
        public long after;
        public Custom.Odd middle;
        public Custom.Plain plain;
        public String text;

        public Parcel() {}

        public Parcel(long after, Custom.Odd middle, Custom.Plain plain, String text) {
            this.after = after;
            this.middle = middle;
            this.plain = plain;
            this.text = text;
        }

        /** The known fields, and the unknown ones as they would be by themselves. */
        @Override
        public Object expected() {
            Map<String, Object> fields = new TreeMap<>();
            for (Field field : Parcel.class.getFields()) {
                try {
                    fields.put(field.getName(), Render.json(field.get(this)));
                } catch (IllegalAccessException e) {
                    throw new IllegalStateException(e);
                }
            }
            return Json.object("unknown", true, "class", Parcel.class.getName(), "fields", fields);
        }
    }

    /** A tuple of a known and an unknown value; a class of its own only so that it renders itself. */
    public static final class Pair extends Tuple2<Object, Object> implements Opaque {
        private static final long serialVersionUID = 1;

        public Pair() {}

        public Pair(Object left, Object right) {
            super(left, right);
        }

        @Override
        public Object expected() {
            return Json.object("unknown", true, "fields", java.util.Arrays.asList(Render.json(f0), Render.json(f1)));
        }
    }
}
