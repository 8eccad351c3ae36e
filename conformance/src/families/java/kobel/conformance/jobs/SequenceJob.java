package kobel.conformance.jobs;

import kobel.conformance.model.JobModel;
import kobel.conformance.model.SequenceModel;

/** A source of numbers with splits, readers and an enumerator. */
public final class SequenceJob {
    private SequenceJob() {}

    public static JobModel model() {
        return new JobModel("sequence").add(new SequenceModel("sequence-map"));
    }
}
