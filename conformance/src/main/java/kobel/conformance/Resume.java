package kobel.conformance;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import kobel.conformance.json.Json;
import kobel.conformance.model.JobModel;
import kobel.conformance.model.OperatorModel;
import kobel.conformance.model.Run;
import kobel.conformance.model.TimerModel;

/**
 * Lets a job go on from a snapshot that holds its first phases: more phases of records, then all states are compared with the
 * model, then time runs out. Everything that timers and windows give on the way must be what an uninterrupted job gives.
 */
final class Resume {
    private static final long RESULTS_MS = 20_000;
    private static final long QUIET_MS = 200;

    private final Settings settings;
    private final JobModel model;

    Resume(Settings settings) {
        this.settings = settings;
        model = Jobs.byName(settings.job);
    }

    boolean run(String snapshot) throws Exception {
        settings.resize(model);
        if (!settings.option("edit", "").isEmpty()) {
            Edits.apply(model, settings.option("edit", ""));
        }
        int last = settings.phases + Integer.parseInt(settings.option("more", "2"));
        List<Integer> phases = new ArrayList<>();
        for (int phase = settings.phases; phase < last; phase++) {
            phases.add(phase);
        }
        phases.add(Run.VERIFY);
        phases.add(Run.FLUSH);
        Run.start(model, phases, last);
        int steps = model.operators.stream().mapToInt(operator -> operator.verifySteps().size()).sum();
        List<String> expected = new ArrayList<>();
        for (OperatorModel operator : model.operators) {
            operator.results(settings.phases, last).forEach(result -> expected.add(operator.name + ' ' + Json.text(result)));
        }
        List<String> differences = new ArrayList<>();
        try (Cluster cluster = new Cluster(settings, model.maxOperatorParallelism())) {
            cluster.start(model, snapshot);
            for (int phase : phases) {
                if (phase == Run.VERIFY) {
                    // Timers that are due fire some time after the start.
                    cluster.await(() -> due(Run.results()) >= due(expected));
                }
                Run.release();
                cluster.await(() -> Run.allSent() && (phase != Run.VERIFY || Run.verifiedSteps() == steps));
            }
            long deadline = System.currentTimeMillis() + RESULTS_MS;
            cluster.await(() -> Run.results().size() >= expected.size() || System.currentTimeMillis() > deadline);
            Thread.sleep(QUIET_MS);
            if (settings.isClaiming) {
                claimed(cluster, Path.of(snapshot.replaceFirst("^file:/*", "/")), differences);
            }
            cluster.cancel();
        }
        model.operators.forEach(OperatorModel::checkAll);
        differences.addAll(Run.differences());
        compare(expected, differences);
        Verify.print(differences);
        System.out.println(settings.job + ": " + steps + " steps compared, " + expected.size() + " results, " + differences.size() + " differences");
        return differences.isEmpty();
    }

    private static long due(Collection<String> results) {
        return results.stream().filter(result -> result.contains("\"timer\": \"" + TimerModel.Domain.PROCESSING)).count();
    }

    /** Once the job has checkpoints of its own, nothing of the claimed savepoint is left. */
    private static void claimed(Cluster cluster, Path snapshot, List<String> differences) throws Exception {
        cluster.checkpoint();
        cluster.checkpoint();
        long deadline = System.currentTimeMillis() + RESULTS_MS;
        while (Files.exists(snapshot) && System.currentTimeMillis() < deadline) {
            Thread.sleep(50);
        }
        if (Files.exists(snapshot)) {
            try (Stream<Path> left = Files.walk(snapshot)) {
                left.forEach(path -> differences.add("claimed and subsumed, but there is still " + path));
            }
        }
    }

    static void compare(List<String> expected, List<String> differences) {
        Map<String, Integer> counts = new TreeMap<>();
        expected.forEach(text -> counts.merge(text, 1, Integer::sum));
        Run.results().forEach(text -> counts.merge(text, -1, Integer::sum));
        counts.forEach((text, count) -> {
            if (count != 0) {
                differences.add((count > 0 ? "did not come: " : "came but should not: ") + text);
            }
        });
    }
}
