package kobel.conformance;

import java.util.List;
import kobel.conformance.model.JobModel;
import kobel.conformance.model.KeyedModel;
import kobel.conformance.model.OperatorStateModel;
import kobel.conformance.model.StateModel;
import kobel.conformance.model.TimerModel;
import kobel.conformance.model.TimerModel.Domain;
import kobel.conformance.model.WindowModel;
import kobel.conformance.model.Write;
import kobel.conformance.types.Pojos.Address;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;

/**
 * What the edits of proof.sh make of the job {@code ledger-edit} after its first phase: said here by the model, without looking at
 * any savepoint. Keys are given by their place in the operator's list: 0 is the key 0, 4 is the key 2^32.
 */
final class Edits {
    private static final int FIRST = 0;
    private static final long EVENT_TIME = 1_900_000_000_000L;

    private final JobModel model;

    private Edits(JobModel model) {
        this.model = model;
    }

    static void apply(JobModel model, String edit) {
        new Edits(model).apply(edit);
    }

    private KeyedModel keyed(String uid) {
        return (KeyedModel) model.operator(uid);
    }

    private StateModel state(String uid, String name) {
        return keyed(uid).state(name);
    }

    private void apply(String edit) {
        switch (edit) {
            case "uid":
                model.operator("ledger-long").uid = "ledger-renamed";
                break;
            case "uid-hash":
                model.operator("ledger-tuple").uidHash = "0123456789abcdef0123456789abcdef";
                break;
            case "state-name":
                state("ledger-long", "value").name = "balance";
                state("ledger-long", "ttl-map").name = "map kept for a while";
                break;
            case "remove-state":
                state("ledger-long", "map").forget();
                state("ledger-long", "ttl-list").forget();
                break;
            case "remove-operator":
                keyed("ledger-tuple").states.forEach(StateModel::forget);
                keyed("ledger-tuple").timers.forEach(TimerModel::forget);
                break;
            case "delete-keys":
                state("ledger-long", "value").write(FIRST, 0, Write.clear()).write(FIRST, 4, Write.clear());
                state("ledger-long", "ttl-aggregating").write(FIRST, 0, Write.clear());
                state("ledger-long", "list").write(FIRST, 4, Write.clear());
                break;
            case "delete-map-entry":
                state("ledger-long", "map").write(FIRST, 0, Write.remove("m0"));
                break;
            case "delete-where":
                for (StateModel.Found each : state("ledger-long", "reducing").found()) {
                    if ((Long) each.content() > 1_000_000_020L) {
                        state("ledger-long", "reducing").write(FIRST, each.key(), Write.clear());
                    }
                }
                break;
            case "set-value":
                state("ledger-long", "value").write(FIRST, 0, Write.set("edited"));
                state("ledger-long", "cleared").write(FIRST, 0, Write.set(7));
                state("ledger-long", "ttl-value").write(FIRST, 4, Write.set("edited too"));
                break;
            case "set-others":
                state("ledger-long", "list").write(FIRST, 0, Write.setList(List.of(7L, 8L)));
                state("ledger-long", "map").write(FIRST, 0, Write.put("added", Tuple2.of(5, "five")));
                state("ledger-long", "reducing").write(FIRST, 0, Write.set(77L));
                state("ledger-long", "aggregating").write(FIRST, 0, Write.set(Tuple2.of(100L, 4)));
                state("ledger-pojo", "value").write(FIRST, 0, Write.set(-77L));
                break;
            case "set-field":
                for (StateModel.Found each : state("ledger-long", "aggregating").found()) {
                    Tuple2<?, ?> before = (Tuple2<?, ?>) each.content();
                    state("ledger-long", "aggregating").write(FIRST, each.key(), Write.set(Tuple2.of((Long) before.f0 + 1000, before.f1)));
                }
                break;
            default:
                others(edit);
        }
    }

    private void others(String edit) {
        TimerModel timers = keyed("ledger-long").timers.get(0);
        switch (edit) {
            case "delete-timers":
                for (int key = 0; key < keyed("ledger-long").keys.size(); key++) {
                    timers.delete(FIRST, key, Domain.EVENT, EVENT_TIME, null);
                }
                break;
            case "set-timer":
                timers.register(FIRST, 0, Domain.EVENT, EVENT_TIME + 777, null);
                break;
            case "shift-timers":
                timers.shift(FIRST, 3_600_000);
                break;
            case "delete-window":
                ((WindowModel) model.operator("windows-tumbling")).forget(2L);
                ((WindowModel) model.operator("windows-session")).forget(-1L);
                break;
            case "delete-elements":
                ((OperatorStateModel) model.operator("ledger-operator")).remove("numbers", -1L);
                ((OperatorStateModel) model.operator("ledger-operator")).remove("rules", "limit");
                break;
            case "ttl":
                state("ledger-long", "ttl-value").setTtl(false);
                state("ledger-long", "ttl-map").setTtl(false);
                state("ledger-long", "value").setTtl(true);
                break;
            case "type":
                state("ledger-long", "map").retype(Types.POJO(Address.class), pair -> new Address((String) ((Tuple2<?, ?>) pair).f1, (Integer) ((Tuple2<?, ?>) pair).f0));
                break;
            case "add-state":
                keyed("ledger-long").state(StateModel.value("added", Types.STRING).write(FIRST, 0, Write.set("new")).write(FIRST, 4, Write.set("new too"))
                        .write(1, 4, Write.set("and changed")));
                break;
            default:
                throw new IllegalArgumentException("no edit " + edit);
        }
    }
}
