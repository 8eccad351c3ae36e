package kobel.conformance;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Has real Flink dispose of a savepoint, and tells what is left of it. */
final class Dispose {
    private Dispose() {}

    static boolean run(Path savepoint) throws Exception {
        Path workplace = Files.createTempDirectory("kobel-dispose");
        try (Cluster cluster = new Cluster(new Settings("few", "hashmap", "canonical", workplace), 1)) {
            cluster.dispose(savepoint.toUri().toString());
        }
        Generate.deleteTree(workplace);
        if (!Files.exists(savepoint)) {
            return true;
        }
        try (Stream<Path> left = Files.walk(savepoint)) {
            left.forEach(path -> System.out.println("disposed, but there is still " + path));
        }
        return false;
    }
}
