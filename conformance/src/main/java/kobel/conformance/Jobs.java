package kobel.conformance;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import kobel.conformance.jobs.TypesJob;
import kobel.conformance.model.JobModel;

/** The jobs by name. */
final class Jobs {
    private static final Map<String, Supplier<JobModel>> JOBS = new TreeMap<>(Map.of(
            "types", TypesJob::model));

    private Jobs() {}

    static JobModel byName(String name) {
        Supplier<JobModel> job = JOBS.get(name);
        if (job == null) {
            throw new IllegalArgumentException("no job " + name + ", there are " + JOBS.keySet());
        }
        return job.get();
    }
}
