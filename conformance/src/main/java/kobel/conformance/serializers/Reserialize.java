package kobel.conformance.serializers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import kobel.conformance.json.Json;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/**
 * Restores serializers from their snapshots and has them read and write values that somebody else wrote. A line of the
 * input is {@code {"snapshot":HEX,"values":[HEX,…]}} without blanks, one of the output
 * {@code {"values": [{"rendered", "length", "hex"}, …]}}; whatever fails is {@code {"error"}} in its place.
 */
public final class Reserialize {
    private Reserialize() {}

    public static void run(Path input, Path output) throws IOException {
        try (BufferedReader in = Files.newBufferedReader(input);
                PrintWriter out = new PrintWriter(Files.newBufferedWriter(output))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                out.println(Json.text(answer(line)));
            }
        }
    }

    private static Map<String, Object> answer(String line) {
        // Hex digits have nothing to escape: every other part between quotes is a name or a value.
        String[] parts = line.split("\"", -1);
        TypeSerializer<Object> serializer;
        try {
            serializer = restore(bytes(parts[3]));
        } catch (Exception | Error e) {
            return error(e);
        }
        List<Object> values = new ArrayList<>();
        for (int i = 7; i < parts.length; i += 2) {
            values.add(value(serializer, bytes(parts[i])));
        }
        return Json.object("serializer", serializer.getClass().getName(), "values", values);
    }

    @SuppressWarnings("unchecked")
    static TypeSerializer<Object> restore(byte[] snapshot) throws IOException {
        DataInputDeserializer in = new DataInputDeserializer(snapshot);
        if (in.readInt() != 2) {
            throw new IOException("not the form of a serializer snapshot of Flink 1.7 and later");
        }
        ClassLoader loader = Reserialize.class.getClassLoader();
        return (TypeSerializer<Object>) TypeSerializerSnapshot.readVersionedSnapshot(in, loader).restoreSerializer();
    }

    private static Map<String, Object> value(TypeSerializer<Object> serializer, byte[] bytes) {
        try {
            DataInputDeserializer in = new DataInputDeserializer(bytes);
            Object value = serializer.deserialize(in);
            int length = bytes.length - in.available();
            return Json.object("rendered", Internal.json(serializer, value), "length", length, "hex", hex(serializer, value));
        } catch (Exception | Error e) {
            return error(e);
        }
    }

    static String hex(TypeSerializer<Object> serializer, Object value) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        serializer.serialize(value, out);
        return HexFormat.of().formatHex(out.getCopyOfBuffer());
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }

    static Map<String, Object> error(Throwable e) {
        return Json.object("error", String.valueOf(e));
    }
}
