package kobel.conformance.described;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/**
 * make OUT: for each case a line with what Flink writes: the name, the described type, the serializer snapshot, and each
 * value in JSON and in bytes. check IN OUT: for each line with a name, a snapshot and values that kobel wrote, a line that
 * says whether Flink takes the snapshot as it is and reads the values. Columns are separated by tabs, bytes are base64.
 */
public final class DescribedTypes {
    private DescribedTypes() {}

    public static void main(String[] args) throws IOException {
        if (args[0].equals("make")) {
            make(Path.of(args[1]));
        } else {
            check(Path.of(args[1]), Path.of(args[2]));
        }
    }

    private static void make(Path out) throws IOException {
        List<String> lines = new ArrayList<>();
        for (Case each : Cases.all()) {
            StringBuilder line = new StringBuilder(each.name).append('\t').append(each.type).append('\t')
                    .append(base64(snapshot(each.serializer.duplicate())));
            for (Map.Entry<String, Object> value : each.values.entrySet()) {
                line.append('\t').append(value.getKey()).append('\t').append(base64(bytes(each.serializer, value.getValue())));
            }
            lines.add(line.toString());
        }
        Files.write(out, lines);
    }

    private static void check(Path in, Path out) throws IOException {
        Map<String, Case> cases = new HashMap<>();
        for (Case each : Cases.all()) {
            cases.put(each.name, each);
        }
        try (PrintStream lines = new PrintStream(Files.newOutputStream(out))) {
            for (String line : Files.readAllLines(in)) {
                String[] columns = line.split("\t", -1);
                lines.println(columns[0] + "\t" + verdict(cases.get(columns[0]), columns));
            }
        }
    }

    /** How the job's serializer takes the snapshot, and how many values it and the restored one read. */
    private static String verdict(Case job, String[] columns) {
        try {
            DataInputDeserializer in = new DataInputDeserializer(Base64.getDecoder().decode(columns[1]));
            if (in.readInt() != 2) {
                return "no 2 at the beginning";
            }
            TypeSerializerSnapshot<?> restored =
                    TypeSerializerSnapshot.readVersionedSnapshot(in, DescribedTypes.class.getClassLoader());
            if (in.available() > 0) {
                return in.available() + " bytes of the snapshot are left";
            }
            String compatibility = String.valueOf(Versions.compatibility(job.serializer, restored));
            Object[] expected = job.values.values().toArray();
            int read = 0;
            for (int i = 2; i < columns.length; i++) {
                byte[] bytes = Base64.getDecoder().decode(columns[i]);
                for (TypeSerializer<?> serializer : Arrays.asList(restored.restoreSerializer(), job.serializer)) {
                    Object value = value(serializer, bytes);
                    if (!Arrays.equals(bytes(job.serializer, value), bytes(job.serializer, expected[i - 2]))) {
                        return compatibility + "\tread " + value + " for " + expected[i - 2];
                    }
                }
                read++;
            }
            return compatibility + "\t" + read;
        } catch (Exception | LinkageError e) {
            return "FAILED\t" + e.toString().replaceAll("\\s+", " ");
        }
    }

    private static byte[] snapshot(TypeSerializer<?> serializer) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(256);
        out.writeInt(2);
        TypeSerializerSnapshot.writeVersionedSnapshot(out, serializer.snapshotConfiguration());
        return out.getCopyOfBuffer();
    }

    @SuppressWarnings("unchecked")
    private static byte[] bytes(TypeSerializer<?> serializer, Object value) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        ((TypeSerializer<Object>) serializer).serialize(value, out);
        return out.getCopyOfBuffer();
    }

    private static Object value(TypeSerializer<?> serializer, byte[] bytes) throws IOException {
        DataInputDeserializer in = new DataInputDeserializer(bytes);
        Object value = serializer.deserialize(in);
        if (in.available() > 0) {
            throw new IOException(in.available() + " bytes of the value are left");
        }
        return value;
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
