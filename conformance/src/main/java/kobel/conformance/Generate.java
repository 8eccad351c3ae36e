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
import java.util.TreeMap;
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
    private final List<String> ids = new ArrayList<>();
    private final Map<Integer, Earlier> earlier = new TreeMap<>();
    private int phasesDone;

    private record Earlier(int phases, String path, List<Map<String, Object>> operators, long to) {}

    Generate(Settings settings) {
        this.settings = settings;
        this.model = Jobs.byName(settings.job);
    }

    void run() throws Exception {
        settings.resize(model);
        deleteTree(settings.output);
        Files.createDirectories(settings.output);
        List<Integer> phases = new ArrayList<>();
        for (int phase = 0; phase < settings.phases; phase++) {
            phases.add(phase);
        }
        Run.start(model, phases, 0);
        long before = System.currentTimeMillis();
        try (Cluster cluster = new Cluster(settings, slots())) {
            cluster.start(model, null);
            String path = runPhases(cluster, settings.restart > 0 ? settings.restart : settings.phases);
            model.operators.forEach(operator -> ids.add(cluster.operatorId(operator.name)));
            cluster.cancel();
            while (phasesDone < settings.phases) {
                path = restart(cluster, path, Math.min(settings.restart, settings.phases - phasesDone));
            }
            for (int parallelism : settings.rescale) {
                path = rescale(cluster, path, parallelism);
            }
            write("expected", place(path), before, System.currentTimeMillis(), model.expected(phasesDone), phasesDone);
            earlier.remove(phasesDone);
            for (Earlier each : earlier.values()) {
                writeEarlier(each, before);
            }
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
                if (phasesDone == settings.phases && phasesDone > 1) {
                    awaitEnds(cluster);
                }
                path = cluster.snapshot(settings.output.resolve("savepoints").toUri().toString());
                if (settings.isCheckpoint()) {
                    earlier.put(phasesDone, new Earlier(phasesDone, path, model.expected(phasesDone), System.currentTimeMillis()));
                }
                Thread.sleep(settings.pauseMs);
            }
        }
        return path;
    }

    private int slots() {
        return Math.max(model.maxOperatorParallelism(), settings.rescale.stream().mapToInt(parallelism -> parallelism).max().orElse(1));
    }

    /** A task whose source has ended finishes with the next checkpoint. */
    private void awaitEnds(Cluster cluster) throws Exception {
        for (OperatorModel operator : model.operators) {
            if (operator.isEnding) {
                cluster.awaitFinished(operator.name);
            }
        }
    }

    /** Restores and goes on with some more phases. */
    private String restart(Cluster cluster, String path, int phases) throws Exception {
        List<Integer> next = new ArrayList<>();
        for (int i = 0; i < phases; i++) {
            next.add(phasesDone + i);
        }
        Run.start(model, next, 0);
        cluster.start(model, path);
        // The job that claimed them deletes the earlier checkpoints' files when it needs them no more.
        earlier.clear();
        String after = runPhases(cluster, phases);
        cluster.cancel();
        return after;
    }

    /** Restores at another parallelism, runs one more phase and takes one more checkpoint. */
    private String rescale(Cluster cluster, String path, int parallelism) throws Exception {
        for (OperatorModel operator : model.operators) {
            operator.parallelism = parallelism;
        }
        String after = restart(cluster, path, 1);
        if (!settings.isClaiming) {
            // A job restored without claiming the checkpoint shares no file with it.
            deleteTree(written(path).getParent());
        }
        return after;
    }

    private static Path written(String path) {
        return Path.of(path.replaceFirst("^file:/*", "/"));
    }

    /** A checkpoint before the last one, if Flink was told to keep it. */
    private void writeEarlier(Earlier checkpoint, long from) throws IOException {
        Path directory = written(checkpoint.path);
        if (Files.exists(directory.resolve("_metadata"))) {
            String name = "expected-" + directory.getFileName();
            write(name, settings.output.relativize(directory).toString(), from, checkpoint.to, checkpoint.operators, checkpoint.phases);
        }
    }

    /** Moves a savepoint to snapshot/; checkpoints stay where their absolute paths say. */
    private String place(String path) throws IOException {
        Path written = written(path);
        if (settings.isCheckpoint()) {
            return settings.output.relativize(written).toString();
        }
        Files.move(written, settings.output.resolve("snapshot"));
        deleteTree(settings.output.resolve("savepoints"));
        deleteTree(settings.checkpoints());
        return "snapshot";
    }

    private void write(String file, String snapshot, long from, long to, List<Map<String, Object>> operators, int phases) throws IOException {
        for (int i = 0; i < model.operators.size(); i++) {
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
                "phases", phases,
                "settings", settings.shown(),
                "ttlWriteTimeRange", List.of(from, to),
                "operators", operators);
        byte[] text = Json.pretty(expected).getBytes(StandardCharsets.UTF_8);
        if (text.length <= COMPRESS_ABOVE) {
            Files.write(settings.output.resolve(file + ".json"), text);
            return;
        }
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(settings.output.resolve(file + ".json.gz")))) {
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
