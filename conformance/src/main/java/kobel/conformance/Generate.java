package kobel.conformance;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import kobel.conformance.flink.Flink;
import kobel.conformance.json.Json;
import kobel.conformance.model.JobModel;
import kobel.conformance.model.OperatorModel;
import kobel.conformance.model.Run;

/** Runs a job phase by phase, takes the snapshot and writes expected.json beside it. */
final class Generate {
    private static final int COMPRESS_ABOVE = 60_000;

    private final Settings settings;
    private final JobModel model;
    private int phasesDone;

    Generate(Settings settings) {
        this.settings = settings;
        this.model = Jobs.byName(settings.job);
    }

    void run() throws Exception {
        deleteTree(settings.output);
        Files.createDirectories(settings.output);
        List<Integer> phases = new ArrayList<>();
        for (int phase = 0; phase <= settings.phases; phase++) {
            phases.add(phase);
        }
        Run.start(model, phases, 0);
        long before = System.currentTimeMillis();
        try (Cluster cluster = new Cluster(settings, Math.max(model.maxOperatorParallelism(), settings.rescale))) {
            cluster.start(model, null);
            String path = runPhases(cluster, settings.phases);
            List<String> ids = new ArrayList<>();
            model.operators.forEach(operator -> ids.add(cluster.operatorId(operator.name)));
            cluster.cancel();
            if (settings.rescale > 0) {
                path = rescale(cluster, path);
            }
            write(place(path), ids, before, System.currentTimeMillis());
        }
    }

    /** Runs the phases one after the other; checkpoints are taken after each, savepoints at the end. */
    private String runPhases(Cluster cluster, int count) throws Exception {
        String path = null;
        for (int i = 0; i < count; i++) {
            Run.release();
            cluster.await(Run::allSent);
            phasesDone++;
            if (settings.isCheckpoint() || i == count - 1) {
                path = cluster.snapshot(settings.output.resolve("savepoints").toUri().toString());
            }
        }
        return path;
    }

    /** Restores at another parallelism, runs one more phase and takes one more checkpoint. */
    private String rescale(Cluster cluster, String path) throws Exception {
        for (OperatorModel operator : model.operators) {
            operator.parallelism = settings.rescale;
        }
        Run.start(model, List.of(phasesDone), 0);
        cluster.start(model, path);
        String after = runPhases(cluster, 1);
        cluster.cancel();
        // A job restored without claiming the checkpoint shares no file with it.
        deleteTree(Path.of(path.replaceFirst("^file:/*", "/")).getParent());
        return after;
    }

    /** Moves a savepoint to snapshot/; checkpoints stay where their absolute paths say. */
    private String place(String path) throws IOException {
        Path written = Path.of(path.replaceFirst("^file:/*", "/"));
        if (settings.isCheckpoint()) {
            return settings.output.relativize(written).toString();
        }
        Files.move(written, settings.output.resolve("snapshot"));
        deleteTree(settings.output.resolve("savepoints"));
        deleteTree(settings.checkpoints());
        return "snapshot";
    }

    private void write(String snapshot, List<String> ids, long from, long to) throws IOException {
        List<Map<String, Object>> operators = model.expected(phasesDone);
        for (int i = 0; i < operators.size(); i++) {
            operators.get(i).put("operatorId", ids.get(i));
        }
        Map<String, Object> expected = Json.object(
                "flinkVersion", Flink.version(),
                "job", settings.job,
                "backend", settings.backend,
                "format", settings.format,
                "variant", settings.output.getFileName().toString(),
                "compression", settings.compression,
                "snapshot", snapshot,
                "phases", phasesDone,
                "settings", settings.shown(),
                "ttlWriteTimeRange", List.of(from, to),
                "operators", operators);
        byte[] text = Json.pretty(expected).getBytes(StandardCharsets.UTF_8);
        if (text.length <= COMPRESS_ABOVE) {
            Files.write(settings.output.resolve("expected.json"), text);
            return;
        }
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(settings.output.resolve("expected.json.gz")))) {
            out.write(text);
        }
    }

    static void deleteTree(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
