package kobel.conformance.types;

import java.io.IOException;
import kobel.conformance.flink.UserSnapshot;
import kobel.conformance.types.Custom.Odd;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** A user's serializer whose snapshot follows no convention. */
public final class OddSerializer extends TypeSerializerSingleton<Odd> {
    public static final OddSerializer INSTANCE = new OddSerializer();
    private static final long serialVersionUID = 1;

    @Override
    public boolean isImmutableType() {
        return true;
    }

    @Override
    public Odd createInstance() {
        return new Odd("");
    }

    @Override
    public Odd copy(Odd from) {
        return from;
    }

    @Override
    public Odd copy(Odd from, Odd reuse) {
        return from;
    }

    @Override
    public int getLength() {
        return -1;
    }

    @Override
    public void serialize(Odd value, DataOutputView out) throws IOException {
        out.writeUTF(value.text);
    }

    @Override
    public Odd deserialize(DataInputView in) throws IOException {
        return new Odd(in.readUTF());
    }

    @Override
    public Odd deserialize(Odd reuse, DataInputView in) throws IOException {
        return deserialize(in);
    }

    @Override
    public void copy(DataInputView in, DataOutputView out) throws IOException {
        serialize(deserialize(in), out);
    }

    @Override
    public TypeSerializerSnapshot<Odd> snapshotConfiguration() {
        return new Snapshot();
    }

    /** Its body: an int, a text, seven bytes. */
    public static final class Snapshot extends UserSnapshot<Odd> {
        private static final byte[] TAIL = {0, 0, 0, 2, 0, -1, 44};

        @Override
        public int getCurrentVersion() {
            return 17;
        }

        @Override
        public void writeSnapshot(DataOutputView out) throws IOException {
            out.writeInt(0xC0DE);
            out.writeUTF("odd body");
            out.write(TAIL);
        }

        @Override
        public void readSnapshot(int version, DataInputView in, ClassLoader loader) throws IOException {
            boolean isOurs = version == 17 && in.readInt() == 0xC0DE && in.readUTF().equals("odd body");
            byte[] tail = new byte[TAIL.length];
            in.readFully(tail);
            if (!isOurs || !java.util.Arrays.equals(tail, TAIL)) {
                throw new IOException("not our snapshot");
            }
        }

        @Override
        public TypeSerializer<Odd> restoreSerializer() {
            return INSTANCE;
        }
    }
}
