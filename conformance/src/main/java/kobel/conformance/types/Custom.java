package kobel.conformance.types;

import java.io.IOException;
import java.util.Base64;
import kobel.conformance.json.Json;
import kobel.conformance.json.Opaque;
import org.apache.flink.core.memory.DataOutputSerializer;

/** Classes with serializers of the user's own: nobody else can read their values. */
public final class Custom {
    private Custom() {}

    /** Writes two shorts; its snapshot has an empty body. */
    public static final class Plain implements Opaque {
        public final int value;

        public Plain(int value) {
            this.value = value;
        }

        @Override
        public Object expected() {
            return opaque(PlainSerializer.Snapshot.class, out -> PlainSerializer.INSTANCE.serialize(this, out));
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Plain && ((Plain) other).value == value;
        }

        @Override
        public int hashCode() {
            return value * 7 + 1;
        }
    }

    /** Writes text with its length in two bytes; its snapshot has a body of its own making. */
    public static final class Odd implements Opaque {
        public final String text;

        public Odd(String text) {
            this.text = text;
        }

        @Override
        public Object expected() {
            return opaque(OddSerializer.Snapshot.class, out -> OddSerializer.INSTANCE.serialize(this, out));
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Odd && ((Odd) other).text.equals(text);
        }

        @Override
        public int hashCode() {
            return text.hashCode() * 3;
        }
    }

    /** Something that writes. */
    public interface Writing {
        void to(DataOutputSerializer out) throws IOException;
    }

    /** Snapshot class and bytes of a value that is of an unknown type as a whole. */
    public static Object opaque(Class<?> snapshot, Writing writing) {
        return Json.object("class", snapshot.getName(), "bytes", bytes(writing));
    }

    /** The bytes, base64. */
    public static String bytes(Writing writing) {
        try {
            DataOutputSerializer out = new DataOutputSerializer(64);
            writing.to(out);
            return Base64.getEncoder().encodeToString(out.getCopyOfBuffer());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
