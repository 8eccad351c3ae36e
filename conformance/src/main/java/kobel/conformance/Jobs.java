package kobel.conformance;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import kobel.conformance.jobs.KindsJob;
import kobel.conformance.jobs.KryoJob;
import kobel.conformance.jobs.NamesJob;
import kobel.conformance.jobs.NamespacesJob;
import kobel.conformance.jobs.OperatorStateJob;
import kobel.conformance.jobs.TypesJob;
import kobel.conformance.jobs.UnknownJob;
import kobel.conformance.jobs.WindowsJob;
import kobel.conformance.model.JobModel;

/** The jobs by name. */
final class Jobs {
    private static final Map<String, Supplier<JobModel>> JOBS = new TreeMap<>();

    static {
        JOBS.put("types", TypesJob::model);
        JOBS.put("types-split", TypesJob::split);
        JOBS.put("kinds", KindsJob::model);
        JOBS.put("kinds-small", KindsJob::small);
        JOBS.put("namespaces", NamespacesJob::model);
        JOBS.put("kryo", KryoJob::model);
        JOBS.put("names", NamesJob::model);
        JOBS.put("opstate", OperatorStateJob::model);
        JOBS.put("unknown", UnknownJob::model);
        JOBS.put("wide", KindsJob::wide);
        JOBS.put("windows", WindowsJob::model);
    }

    private Jobs() {}

    static JobModel byName(String name) {
        Supplier<JobModel> job = name.equals("avro") ? Jobs::avro : JOBS.get(name);
        if (job == null) {
            throw new IllegalArgumentException("no job " + name + ", there are " + JOBS.keySet());
        }
        return job.get();
    }

    /** It is compiled only where Flink's Avro module is to be had. */
    private static JobModel avro() {
        try {
            return (JobModel) Class.forName("kobel.conformance.jobs.AvroJob").getMethod("model").invoke(null);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException("the avro job is not there for this version of Flink", e);
        }
    }
}
