package kobel.conformance.jobs;

import java.util.Arrays;
import java.util.List;
import kobel.conformance.model.JobModel;
import kobel.conformance.model.KeyedModel;
import kobel.conformance.model.StateModel;
import kobel.conformance.model.Write;
import kobel.conformance.types.KryoThings.Ticket;
import kobel.conformance.types.Weekday;
import org.apache.flink.api.common.typeinfo.Types;

/** Values of a class that Flink serializes with Kryo, between states of known types. */
public final class KryoJob {
    private KryoJob() {}

    public static JobModel model() {
        List<String> keys = Arrays.asList("a", "b", "c");
        KeyedModel operator = new KeyedModel("kryo", Types.STRING, keys).parallel(2, 128);
        StateModel before = StateModel.value("before", Types.LONG);
        StateModel value = StateModel.value("ticket", Types.GENERIC(Ticket.class));
        StateModel list = StateModel.list("tickets", Types.GENERIC(Ticket.class));
        StateModel after = StateModel.map("after", Types.STRING, Types.STRING);
        for (int key = 0; key < keys.size(); key++) {
            before.write(0, key, Write.set(key * 7L));
            value.write(0, key, Write.set(ticket(key)));
            list.write(0, key, Write.addAll(ticket(10 + key), ticket(20 + key)));
            after.write(0, key, Write.put("k", "v" + key));
        }
        return new JobModel("kryo").add(operator.state(before).state(value).state(list).state(after));
    }

    private static Ticket ticket(int i) {
        return new Ticket(i * 1000 - 1, i % 2 == 0 ? "ticket " + i : null, -5_000_000_000L * i, i % 3 == 0 ? null : Weekday.values()[i % 7],
                i % 2 == 0 ? List.of() : List.of("note", "", "é" + i));
    }
}
