package kobel.conformance.jobs;

import kobel.conformance.model.JobModel;
import kobel.conformance.model.UnalignedModel;

/** Records in flight. */
public final class UnalignedJob {
    private UnalignedJob() {}

    public static JobModel model() {
        return new JobModel("unaligned").add(new UnalignedModel("unaligned"));
    }
}
