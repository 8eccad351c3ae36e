package kobel.conformance.jobs;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import kobel.conformance.model.BroadcastModel;
import kobel.conformance.model.JobModel;
import kobel.conformance.model.KeyedModel;
import kobel.conformance.model.OperatorStateModel;
import kobel.conformance.model.OperatorStateModel.Mode;
import kobel.conformance.model.TimerModel;
import kobel.conformance.types.Pojos.Address;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;

/** One job with everything that a savepoint can be written of: all kinds of state, timers, windows and operator state, different keys. */
public final class LedgerJob {
    private static final long PAST = 1_600_000_000_000L;
    private static final int PARALLELISM = 2;

    private LedgerJob() {}

    public static JobModel model() {
        return of("ledger", KindsJob.ledger());
    }

    /** With fewer states, for a max parallelism that makes each of them large. */
    public static JobModel wide() {
        return of("ledger-wide", KindsJob.ledgerWide());
    }

    /** What real Flink makes before it is edited: nothing is due. */
    public static JobModel edit() {
        JobModel job = new JobModel("ledger-edit");
        KindsJob.ledgerEdit().forEach(job::add);
        WindowsJob.model().operators.stream().filter(windows -> windows.uid.matches(".*(tumbling|session)")).forEach(job::add);
        return job.add(operatorStates()).add(new BroadcastModel("ledger-keyed-broadcast", PARALLELISM));
    }

    private static JobModel of(String name, List<KeyedModel> keyed) {
        JobModel job = new JobModel(name);
        for (KeyedModel operator : keyed) {
            for (TimerModel timers : operator.timers) {
                for (int key = 0; key < operator.keys.size(); key += 2) {
                    timers.due(key, PAST + key, null);
                }
            }
            job.add(operator);
        }
        WindowsJob.model().operators.forEach(job::add);
        return job.add(operatorStates()).add(new BroadcastModel("ledger-keyed-broadcast", PARALLELISM));
    }

    private static OperatorStateModel operatorStates() {
        List<List<Object>> numbers = Arrays.asList(List.of(1L, -1L, Long.MAX_VALUE), List.of(2L, 3L));
        List<List<Object>> pairs = Arrays.asList(List.of(Tuple2.of("a", null), Tuple2.of("", "b")), List.of());
        List<List<Object>> pojos = Arrays.asList(List.of(new Address("street", 1)), List.of(new Address(null, 2), new Address("", 3)));
        List<List<Object>> nothing = Arrays.asList(List.of(), List.of());
        Map<Object, Object> rules = new TreeMap<>();
        rules.put("", 0L);
        rules.put("limit", Long.MAX_VALUE);
        Map<Object, Object> lists = new TreeMap<>();
        lists.put(1, Arrays.asList("a", ""));
        lists.put(2, List.of());
        return new OperatorStateModel("ledger-operator", PARALLELISM, 128)
                .list("numbers", Mode.SPLIT_DISTRIBUTE, Types.LONG, numbers)
                .list("pairs", Mode.SPLIT_DISTRIBUTE, Types.TUPLE(Types.STRING, Types.STRING), pairs)
                .list("empty list", Mode.SPLIT_DISTRIBUTE, Types.STRING, nothing)
                .list("pojos", Mode.UNION, Types.POJO(Address.class), pojos)
                .list("empty union", Mode.UNION, Types.INT, nothing)
                .broadcast("rules", Types.STRING, Types.LONG, rules)
                .broadcast("lists", Types.INT, Types.LIST(Types.STRING), lists)
                .broadcast("empty broadcast", Types.INT, Types.INT, Map.of())
                .growing();
    }
}
