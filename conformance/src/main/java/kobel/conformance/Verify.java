package kobel.conformance;

import java.util.ArrayList;
import java.util.List;
import kobel.conformance.model.JobModel;
import kobel.conformance.model.OperatorModel;
import kobel.conformance.model.Run;

/**
 * Restores a snapshot in real Flink with the job it was made for, and compares from inside the job what the states and timers
 * hold with the model.
 */
final class Verify {
    private static final int SHOWN = 20;
    private static final int LENGTH = 1000;

    private final Settings settings;
    private final JobModel model;

    Verify(Settings settings) {
        this.settings = settings;
        this.model = Jobs.byName(settings.job);
    }

    /** True if everything is as it should be. */
    boolean run(String snapshot) throws Exception {
        int steps = 0;
        settings.resize(model);
        Run.start(model, List.of(Run.VERIFY), settings.phases);
        for (OperatorModel operator : model.operators) {
            steps += operator.verifySteps().size();
        }
        try (Cluster cluster = new Cluster(settings, model.maxOperatorParallelism())) {
            cluster.start(model, snapshot);
            Run.release();
            int expected = steps;
            cluster.await(() -> Run.allSent() && Run.verifiedSteps() == expected);
            cluster.cancel();
        }
        for (OperatorModel operator : model.operators) {
            operator.checkAll();
        }
        List<String> differences = new ArrayList<>(Run.differences());
        print(differences);
        System.out.println(settings.job + ": " + steps + " steps compared, " + differences.size() + " differences");
        return differences.isEmpty();
    }

    static void print(List<String> differences) {
        differences.stream().limit(SHOWN).map(text -> text.substring(0, Math.min(text.length(), LENGTH))).forEach(System.out::println);
    }
}
