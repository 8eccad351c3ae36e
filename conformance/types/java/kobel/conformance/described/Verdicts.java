package kobel.conformance.described;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputDeserializer;

/** IN OUT: for each line with a name and two serializer snapshots, old and new, what Flink says of a job that changes so. */
public final class Verdicts {
    private Verdicts() {}

    public static void main(String[] args) throws IOException {
        List<String> lines = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(args[0]))) {
            String[] columns = line.split("\t");
            lines.add(columns[0] + '\t' + verdict(columns[1], columns[2]));
        }
        Files.write(Path.of(args[1]), lines);
    }

    private static String verdict(String before, String after) throws IOException {
        TypeSerializer<?> job = read(after).restoreSerializer();
        TypeSerializerSnapshot<?> restored;
        try {
            restored = read(before);
        } catch (IOException | RuntimeException e) {
            return "refused";
        }
        TypeSerializerSchemaCompatibility<?> found = Versions.compatibility(job, restored);
        if (found.isIncompatible()) {
            return "refused";
        }
        return found.isCompatibleAfterMigration() ? "migrates" : "as is";
    }

    private static TypeSerializerSnapshot<?> read(String base64) throws IOException {
        DataInputDeserializer in = new DataInputDeserializer(Base64.getDecoder().decode(base64));
        return TypeSerializerSnapshot.readVersionedSnapshot(in, Verdicts.class.getClassLoader());
    }
}
