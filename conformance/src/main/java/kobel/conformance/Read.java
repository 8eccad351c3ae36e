package kobel.conformance;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import kobel.conformance.model.JobModel;
import kobel.conformance.model.Run;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Reads a savepoint with Flink's State Processor API, where it can be had, and compares what it reads with the model. */
final class Read {
    private Read() {}

    @SuppressWarnings("unchecked")
    static boolean run(String job, Path savepoint, String... options) throws Exception {
        Path workplace = Files.createTempDirectory("kobel-read");
        Settings settings = new Settings(job, "hashmap", "canonical", workplace, options);
        JobModel model = Jobs.byName(job);
        settings.resize(model);
        Run.start(model, List.of(), settings.phases);
        int parallelism = Math.max(settings.parallelism, 1);
        List<String> expected;
        try (Cluster cluster = new Cluster(settings, parallelism)) {
            StreamExecutionEnvironment env = cluster.environment(parallelism);
            expected = (List<String>) Class.forName("kobel.conformance.model.StateProcessor")
                    .getMethod("attach", JobModel.class, int.class, StreamExecutionEnvironment.class, String.class)
                    .invoke(null, model, settings.phases, env, savepoint.toUri().toString());
            cluster.run(env);
        }
        Generate.deleteTree(workplace);
        List<String> differences = new ArrayList<>();
        Resume.compare(expected, differences);
        Verify.print(differences);
        System.out.println(job + ": " + expected.size() + " read, " + differences.size() + " differences");
        return differences.isEmpty();
    }
}
