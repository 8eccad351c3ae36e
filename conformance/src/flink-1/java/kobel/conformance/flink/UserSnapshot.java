package kobel.conformance.flink;

import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;

/** A snapshot that is compatible with itself. */
public abstract class UserSnapshot<T> implements TypeSerializerSnapshot<T> {
    @Override
    public TypeSerializerSchemaCompatibility<T> resolveSchemaCompatibility(TypeSerializer<T> current) {
        return TypeSerializerSchemaCompatibility.compatibleAsIs();
    }
}
