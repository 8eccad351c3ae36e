package kobel.conformance.flink;

import org.apache.flink.api.common.typeutils.TypeSerializer;

/** A type that is just a serializer. */
public final class SerializerType<T> extends ConfiguredType<T> {
    private static final long serialVersionUID = 1;
    private final Class<?> type;
    private final TypeSerializer<T> serializer;

    public SerializerType(Class<?> type, TypeSerializer<T> serializer) {
        this.type = type;
        this.serializer = serializer;
    }

    @Override
    public boolean isBasicType() {
        return false;
    }

    @Override
    public boolean isTupleType() {
        return false;
    }

    @Override
    public int getArity() {
        return 1;
    }

    @Override
    public int getTotalFields() {
        return 1;
    }

    @Override
    @SuppressWarnings("unchecked")
    public Class<T> getTypeClass() {
        return (Class<T>) type;
    }

    @Override
    public boolean isKeyType() {
        return true;
    }

    @Override
    TypeSerializer<T> createSerializer() {
        return serializer.duplicate();
    }

    @Override
    public String toString() {
        return serializer.getClass().getSimpleName();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SerializerType && ((SerializerType<?>) other).serializer.equals(serializer);
    }

    @Override
    public int hashCode() {
        return serializer.hashCode();
    }

    @Override
    public boolean canEqual(Object other) {
        return other instanceof SerializerType;
    }
}
