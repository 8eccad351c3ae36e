package kobel.conformance.types;

import java.io.IOException;
import kobel.conformance.types.Custom.Plain;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** A user's serializer of the usual sort. */
public final class PlainSerializer extends TypeSerializerSingleton<Plain> {
    public static final PlainSerializer INSTANCE = new PlainSerializer();
    private static final long serialVersionUID = 1;

    @Override
    public boolean isImmutableType() {
        return true;
    }

    @Override
    public Plain createInstance() {
        return new Plain(0);
    }

    @Override
    public Plain copy(Plain from) {
        return from;
    }

    @Override
    public Plain copy(Plain from, Plain reuse) {
        return from;
    }

    @Override
    public int getLength() {
        return -1;
    }

    @Override
    public void serialize(Plain value, DataOutputView out) throws IOException {
        out.writeShort(value.value >>> 16);
        out.writeShort(value.value);
    }

    @Override
    public Plain deserialize(DataInputView in) throws IOException {
        return new Plain(in.readUnsignedShort() << 16 | in.readUnsignedShort());
    }

    @Override
    public Plain deserialize(Plain reuse, DataInputView in) throws IOException {
        return deserialize(in);
    }

    @Override
    public void copy(DataInputView in, DataOutputView out) throws IOException {
        out.writeInt(in.readInt());
    }

    @Override
    public TypeSerializerSnapshot<Plain> snapshotConfiguration() {
        return new Snapshot();
    }

    /** Has an empty body. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<Plain> {
        public Snapshot() {
            super(() -> INSTANCE);
        }
    }
}
