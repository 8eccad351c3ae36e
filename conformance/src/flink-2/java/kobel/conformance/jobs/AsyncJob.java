package kobel.conformance.jobs;

import java.util.ArrayList;
import java.util.List;
import kobel.conformance.model.AsyncModel;
import kobel.conformance.model.JobModel;
import kobel.conformance.model.TimerModel;
import kobel.conformance.model.TimerModel.Domain;
import org.apache.flink.api.common.typeinfo.Types;

/** The states of the job "few" as asynchronous state (state V2). */
public final class AsyncJob {
    private AsyncJob() {}

    public static JobModel model() {
        return model("async", true);
    }

    /** Without TTL, which Flink 2.3 passes over where another backend than ForSt is made asynchronous. */
    public static JobModel plain() {
        return model("async-plain", false);
    }

    private static JobModel model(String name, boolean hasTtl) {
        List<Object> keys = new ArrayList<>();
        for (long key = 0; key < 40; key++) {
            keys.add(key * key * 1_000_003L - 17);
        }
        AsyncModel operator = new AsyncModel("async-long", Types.LONG, keys);
        KindsJob.addFew(operator);
        operator.states.removeIf(state -> !hasTtl && state.name.startsWith("ttl-"));
        TimerModel timers = new TimerModel("user-timers", null);
        for (int key = 0; key < keys.size(); key += 3) {
            timers.register(0, key, Domain.EVENT, 1_900_000_000_000L + key, null);
            timers.register(1, key, Domain.PROCESSING, 4_000_000_000_000L, null);
        }
        return new JobModel(name).add((AsyncModel) operator.timers(timers));
    }
}
