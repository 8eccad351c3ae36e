package kobel.conformance.jobs;

import java.util.Arrays;
import kobel.conformance.model.JobModel;
import kobel.conformance.model.KeyedModel;
import kobel.conformance.model.StateModel;
import kobel.conformance.model.Write;
import org.apache.flink.api.common.typeinfo.Types;

/**
 * Names that are hard to handle: of states and uids beyond ASCII, with spaces, quotes and path separators, very long; an
 * operator without uid, one with a uid hash, and two operators whose states have the same names.
 */
public final class NamesJob {
    private static final String[] NAMES = {
        "plain", "with space", " ", "Zähler", "状態", "\ud83d\ude00", "a/b\\c:d", "quote\"'`;--", "__proto__", "constructor", "\u0001\u001f", "x".repeat(400)
    };

    private NamesJob() {}

    public static JobModel model() {
        KeyedModel hashed = named(null, "names-hash");
        hashed.uidHash = "0123456789abcdef0123456789abcdef";
        return new JobModel("names")
                .add(named("plain", "names-plain"))
                .add(named("uid with spaces, ünïcode \ud83d\ude00 and / \\ \"quotes\"", "names-odd"))
                .add(named("long-" + "uid".repeat(300), "names-long"))
                .add(named("__proto__", "names-proto"))
                .add(named(null, "names-none"))
                .add(hashed);
    }

    private static KeyedModel named(String uid, String name) {
        KeyedModel operator = new KeyedModel(uid, name, Types.STRING, Arrays.asList("k1", "k2", "__proto__")).parallel(1, 128);
        for (int i = 0; i < NAMES.length; i++) {
            StateModel state = i % 2 == 0 ? StateModel.value(NAMES[i], Types.STRING) : StateModel.map(NAMES[i], Types.STRING, Types.STRING);
            for (int key = 0; key < 3; key++) {
                String text = name + " " + i + " " + key;
                state.write(0, key, i % 2 == 0 ? Write.set(text) : Write.put("__proto__", text));
            }
            operator.state(state);
        }
        return operator;
    }
}
