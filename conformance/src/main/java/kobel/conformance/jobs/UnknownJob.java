package kobel.conformance.jobs;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import kobel.conformance.flink.SerializerType;
import kobel.conformance.model.JobModel;
import kobel.conformance.model.KeyedModel;
import kobel.conformance.model.StateModel;
import kobel.conformance.model.Write;
import kobel.conformance.types.Custom.Odd;
import kobel.conformance.types.Custom.Plain;
import kobel.conformance.types.Mixed.Pair;
import kobel.conformance.types.Mixed.Parcel;
import kobel.conformance.types.OddSerializer;
import kobel.conformance.types.PlainSerializer;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.TupleTypeInfo;

/**
 * States whose serializers are the user's own: with a snapshot without a body ("plain") and with one of an odd body. They stand
 * first, in the middle and last among known states, in a POJO, in a tuple, in lists and maps, and as keys. What a reader
 * without the classes can say of such a value is its bytes.
 */
public final class UnknownJob {
    private static final TypeInformation<Plain> PLAIN = new SerializerType<>(Plain.class, PlainSerializer.INSTANCE);
    private static final TypeInformation<Odd> ODD = new SerializerType<>(Odd.class, OddSerializer.INSTANCE);
    private static final int KEYS = 5;

    private UnknownJob() {}

    public static JobModel model() {
        List<String> keys = Arrays.asList("k0", "k1", "k2", "k3", "k4");
        JobModel job = new JobModel("unknown");
        for (boolean isOdd : new boolean[] {false, true}) {
            String type = isOdd ? "odd" : "plain";
            job.add(operator("unknown-" + type + "-first", Types.STRING, keys).state(unknown(isOdd)).state(text()).state(numbers()));
            job.add(operator("unknown-" + type + "-middle", Types.STRING, keys).state(text()).state(unknown(isOdd)).state(numbers()));
            job.add(operator("unknown-" + type + "-last", Types.STRING, keys).state(text()).state(numbers()).state(unknown(isOdd)));
            job.add(operator("unknown-" + type + "-tuple", Types.STRING, keys).state(text()).state(tuple(isOdd)).state(numbers()));
            job.add(operator("unknown-" + type + "-collections", Types.STRING, keys).state(list(isOdd)).state(text()).state(map(isOdd)).state(numbers()));
        }
        job.add(operator("unknown-pojo", Types.STRING, keys).state(text()).state(pojo()).state(numbers()));
        job.add(operator("unknown-plain-key", PLAIN, Arrays.asList(new Plain(0), new Plain(1), new Plain(-1), new Plain(44), new Plain(70_000)))
                .state(text()).state(numbers()));
        job.add(operator("unknown-odd-key", ODD, Arrays.asList(new Odd(""), new Odd("a"), new Odd("bcd"), new Odd("é"), new Odd("long".repeat(30))))
                .state(text()).state(numbers()));
        return job;
    }

    private static KeyedModel operator(String uid, TypeInformation<?> keyType, List<?> keys) {
        return new KeyedModel(uid, keyType, keys).parallel(1, 128);
    }

    private static StateModel text() {
        StateModel text = StateModel.value("text", Types.STRING);
        for (int key = 0; key < KEYS; key++) {
            text.write(0, key, Write.set("text of " + key));
        }
        return text;
    }

    private static StateModel numbers() {
        StateModel numbers = StateModel.list("numbers", Types.LONG);
        for (int key = 0; key < KEYS; key++) {
            numbers.write(0, key, Write.addAll(44L, (long) key));
        }
        return numbers;
    }

    private static Object value(boolean isOdd, int i) {
        return isOdd ? new Odd("odd ".repeat(i)) : new Plain(i * 0x2c2c2c);
    }

    private static StateModel unknown(boolean isOdd) {
        StateModel state = StateModel.value("unknown", isOdd ? ODD : PLAIN);
        for (int key = 0; key < KEYS; key++) {
            state.write(0, key, Write.set(value(isOdd, key)));
        }
        return state;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static StateModel tuple(boolean isOdd) {
        TypeInformation<?> unknown = isOdd ? ODD : PLAIN;
        StateModel state = StateModel.value("pair", new TupleTypeInfo(Pair.class, isOdd ? unknown : Types.LONG, isOdd ? Types.LONG : unknown));
        for (int key = 0; key < KEYS; key++) {
            Long known = 100L + key;
            state.write(0, key, Write.set(isOdd ? new Pair(value(true, key), known) : new Pair(known, value(false, key))));
        }
        return state;
    }

    private static StateModel list(boolean isOdd) {
        StateModel state = StateModel.list("unknown-list", isOdd ? ODD : PLAIN);
        for (int key = 0; key < KEYS; key++) {
            state.write(0, key, key % 2 == 0 ? Write.add(value(isOdd, key)) : Write.addAll(value(isOdd, 0), value(isOdd, key)));
        }
        return state;
    }

    private static StateModel map(boolean isOdd) {
        StateModel state = StateModel.map("unknown-map", Types.STRING, isOdd ? ODD : PLAIN);
        for (int key = 0; key < KEYS; key++) {
            state.write(0, key, Write.put("a", value(isOdd, key))).write(0, key, Write.put("b" + key, value(isOdd, 1)));
        }
        return state;
    }

    private static StateModel pojo() {
        Map<String, TypeInformation<?>> fields = new HashMap<>();
        fields.put("after", Types.LONG);
        fields.put("middle", ODD);
        fields.put("plain", PLAIN);
        fields.put("text", Types.STRING);
        StateModel state = StateModel.value("parcel", Types.POJO(Parcel.class, fields));
        for (int key = 0; key < KEYS; key++) {
            state.write(0, key, Write.set(new Parcel(key, key == 2 ? null : new Odd("in pojo"), key == 3 ? null : new Plain(key), "t" + key)));
        }
        return state;
    }
}
