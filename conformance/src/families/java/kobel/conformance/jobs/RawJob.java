package kobel.conformance.jobs;

import kobel.conformance.model.JobModel;
import kobel.conformance.model.RawModel;

/** Raw keyed and raw operator state. */
public final class RawJob {
    private RawJob() {}

    public static JobModel model() {
        return new JobModel("raw").add(new RawModel("raw"));
    }
}
