package kobel.conformance;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import kobel.conformance.jobs.KindsJob;
import kobel.conformance.jobs.KryoJob;
import kobel.conformance.jobs.LedgerJob;
import kobel.conformance.jobs.NamesJob;
import kobel.conformance.jobs.NamespacesJob;
import kobel.conformance.jobs.OperatorStateJob;
import kobel.conformance.jobs.SizesJob;
import kobel.conformance.jobs.TypesJob;
import kobel.conformance.jobs.UnknownJob;
import kobel.conformance.jobs.WindowsJob;
import kobel.conformance.model.JobModel;

/** The jobs by name. */
final class Jobs {
    private static final Map<String, Supplier<JobModel>> JOBS = new TreeMap<>();

    private static final Map<String, String> SOME_VERSIONS = Map.of(
            "avro", "AvroJob.model", "async", "AsyncJob.model", "async-plain", "AsyncJob.plain",
            "raw", "RawJob.model", "sequence", "SequenceJob.model", "unaligned", "UnalignedJob.model");

    static {
        JOBS.put("types", TypesJob::model);
        JOBS.put("types-split", TypesJob::split);
        JOBS.put("few", KindsJob::few);
        JOBS.put("rescaled", KindsJob::rescaled);
        JOBS.put("series", SizesJob::series);
        JOBS.put("large", SizesJob::large);
        JOBS.put("many-states", SizesJob::manyStates);
        JOBS.put("empty", SizesJob::empty);
        JOBS.put("finished", SizesJob::finished);
        JOBS.put("kinds", KindsJob::model);
        JOBS.put("kinds-small", KindsJob::small);
        JOBS.put("namespaces", NamespacesJob::model);
        JOBS.put("kryo", KryoJob::model);
        JOBS.put("names", NamesJob::model);
        JOBS.put("opstate", OperatorStateJob::model);
        JOBS.put("unknown", UnknownJob::model);
        JOBS.put("ledger", LedgerJob::model);
        JOBS.put("ledger-edit", LedgerJob::edit);
        JOBS.put("ledger-wide", LedgerJob::wide);
        JOBS.put("wide", KindsJob::wide);
        JOBS.put("windows", WindowsJob::model);
    }

    private Jobs() {}

    static JobModel byName(String name) {
        if (SOME_VERSIONS.containsKey(name)) {
            return ofSomeVersions(SOME_VERSIONS.get(name));
        }
        Supplier<JobModel> job = JOBS.get(name);
        if (job == null) {
            throw new IllegalArgumentException("no job " + name + ", there are " + JOBS.keySet() + " and " + SOME_VERSIONS.keySet());
        }
        return job.get();
    }

    /** It is compiled only where what it needs of Flink is to be had. */
    private static JobModel ofSomeVersions(String method) {
        String[] names = method.split("\\.");
        try {
            return (JobModel) Class.forName("kobel.conformance.jobs." + names[0]).getMethod(names[1]).invoke(null);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException(method + " is not there for this version of Flink", e);
        }
    }
}
