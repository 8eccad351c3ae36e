package kobel.conformance.described;

import java.io.IOException;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/** Has a serializer meet a value. */
final class Meet {
    private Meet() {}

    static <T> void serialize(TypeSerializer<T> serializer, T value) {
        try {
            serializer.serialize(value, new DataOutputSerializer(64));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
