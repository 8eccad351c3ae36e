package kobel.conformance.jobs;

import java.util.Arrays;
import java.util.List;
import kobel.conformance.model.JobModel;
import kobel.conformance.model.KeyedModel;
import kobel.conformance.model.StateModel;
import kobel.conformance.model.TimerModel;
import kobel.conformance.model.TimerModel.Domain;
import kobel.conformance.model.Write;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;

/**
 * States in namespaces of an operator's own: String (with a String key neither has a fixed length, so both lengths are
 * stored), Long, and timers in a String namespace.
 */
public final class NamespacesJob {
    private static final List<String> KEYS = Arrays.asList("", "a", "ab", "b", "key", "\u0000", "\u0003\u0003", "\ud83d\ude00", longKey());
    private static final List<Object> TEXTS = Arrays.asList("", "a", "bb", "\u0002", "name space");
    private static final List<Object> NUMBERS = Arrays.asList(0L, -1L, Long.MAX_VALUE, 1_700_000_000_000L);

    private NamespacesJob() {}

    public static JobModel model() {
        KeyedModel texts = new KeyedModel("namespaces-string", Types.STRING, KEYS).parallel(2, 128);
        fill(texts, "", Types.STRING, TEXTS);
        fill(texts, "number-", Types.LONG, NUMBERS);
        texts.state(plain());
        texts.timers(timers("text-timers", Types.STRING, TEXTS)).timers(timers("number-timers", Types.LONG, NUMBERS));
        KeyedModel wide = new KeyedModel("namespaces-wide", Types.STRING, KEYS).parallel(3, 1000);
        fill(wide, "", Types.STRING, TEXTS);
        wide.timers(timers("text-timers", Types.STRING, TEXTS));
        KeyedModel fixedKey = new KeyedModel("namespaces-long-key", Types.LONG, Arrays.asList(1L, -1L, 2L, 3L, 4L)).parallel(1, 128);
        fill(fixedKey, "", Types.STRING, TEXTS);
        return new JobModel("namespaces").add(texts).add(wide).add(fixedKey);
    }

    /** More than 127 and 255 bytes, so that the stored lengths need more than one byte. */
    private static String longKey() {
        return "0123456789".repeat(30);
    }

    private static StateModel plain() {
        StateModel plain = StateModel.value("plain", Types.INT);
        for (int key = 0; key < KEYS.size(); key++) {
            plain.write(0, key, Write.set(key));
        }
        return plain;
    }

    private static void fill(KeyedModel operator, String prefix, TypeInformation<?> type, List<Object> namespaces) {
        StateModel value = StateModel.value(prefix + "value", Types.LONG).withNamespace(type);
        StateModel list = StateModel.list(prefix + "list", Types.STRING).withNamespace(type);
        StateModel map = StateModel.map(prefix + "map", Types.STRING, Types.INT).withNamespace(type);
        StateModel sum = StateModel.reducing(prefix + "sum", Types.LONG, new Functions.Sum()).withNamespace(type);
        StateModel aging = StateModel.value(prefix + "aging", Types.STRING).withNamespace(type).withTtl();
        for (int key = 0; key < operator.keys.size(); key++) {
            for (int i = key % 2; i < namespaces.size(); i++) {
                Object namespace = namespaces.get(i);
                value.write(0, key, namespace, Write.set(100L * key + i));
                list.write(0, key, namespace, Write.addAll("e" + i, "", ","));
                map.write(0, key, namespace, Write.put("", i)).write(0, key, namespace, Write.put("m" + key, -i));
                sum.write(0, key, namespace, Write.add(5L)).write(0, key, namespace, Write.add((long) i));
                aging.write(0, key, namespace, Write.set("a" + i));
                value.write(1, key, namespace, (key + i) % 3 == 0 ? Write.clear() : Write.set(-1L));
            }
        }
        operator.state(value).state(list).state(map).state(sum).state(aging);
    }

    private static TimerModel timers(String service, TypeInformation<?> type, List<Object> namespaces) {
        TimerModel timers = new TimerModel(service, type);
        for (int key = 0; key < 5; key++) {
            for (int i = 0; i < namespaces.size(); i += 1 + key) {
                timers.register(0, key, Domain.EVENT, 1_900_000_000_000L - key, namespaces.get(i));
                timers.register(0, key, Domain.PROCESSING, 4_000_000_000_000L + i, namespaces.get(i));
            }
        }
        return timers;
    }
}
