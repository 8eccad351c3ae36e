package kobel.conformance.jobs;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import kobel.conformance.flink.VersionSamples;
import kobel.conformance.model.JobModel;
import kobel.conformance.model.KeyedModel;
import kobel.conformance.model.StateModel;
import kobel.conformance.model.Write;
import kobel.conformance.samples.BasicSamples;
import kobel.conformance.samples.CompositeSamples;
import kobel.conformance.samples.PojoSamples;
import kobel.conformance.samples.Sample;
import kobel.conformance.samples.TimeSamples;
import kobel.conformance.types.Pojos.Circle;
import kobel.conformance.types.Pojos.Ring;
import org.apache.flink.api.common.typeinfo.Types;

/**
 * An operator with a value state of each type, and one with list and map states of all: every serializer that is neither Kryo
 * nor Avro. The keys are strings that are hard to read. Key i holds the i-th value of a type.
 */
public final class TypesJob {
    static final List<String> KEYS = Arrays.asList("", "a", "key-2", "\u0000", "ключ", "\ud83d\ude00", "\ud800", "with space, and comma",
            BasicSamples.longText(300), "\u07ff\u0800\uffff", "11", "last");

    private static final int STATES_PER_OPERATOR = 18;

    private TypesJob() {}

    public static JobModel model() {
        KeyedModel values = new KeyedModel("types", Types.STRING, KEYS).parallel(2, 128);
        KeyedModel collections = new KeyedModel("types-collections", Types.STRING, KEYS).parallel(2, 128);
        List<Sample> samples = samples();
        samples.forEach(sample -> values.state(valueState(sample)));
        for (int i = 0; i < samples.size(); i += 2) {
            collections.state(listState(samples.get(i)));
            collections.state(mapState(samples.get((i + 1) % samples.size())));
        }
        BasicSamples.nullable().forEach(sample -> collections.state(nullValues(sample)));
        StateModel nothing = StateModel.map("map-of-void", Types.STRING, Types.VOID);
        nothing.write(0, 1, Write.put("x", null)).write(0, 2, Write.put("", null));
        collections.state(nothing);
        return new JobModel("types").registerPojo(Circle.class).registerPojo(Ring.class).add(values).add(collections);
    }

    /** The value states, not too many to an operator, since each makes files of its own in RocksDB. */
    public static JobModel split() {
        JobModel job = new JobModel("types-split").registerPojo(Circle.class).registerPojo(Ring.class);
        List<Sample> samples = samples();
        for (int from = 0; from < samples.size(); from += STATES_PER_OPERATOR) {
            KeyedModel operator = new KeyedModel("types-" + from / STATES_PER_OPERATOR, Types.STRING, KEYS).parallel(1, 128);
            samples.subList(from, Math.min(from + STATES_PER_OPERATOR, samples.size())).forEach(sample -> operator.state(valueState(sample)));
            job.add(operator);
        }
        return job;
    }

    private static List<Sample> samples() {
        List<Sample> samples = new ArrayList<>();
        samples.addAll(BasicSamples.all());
        samples.addAll(TimeSamples.all());
        samples.addAll(VersionSamples.all());
        samples.addAll(CompositeSamples.all());
        samples.addAll(PojoSamples.all());
        return samples;
    }

    /** Later phases overwrite some values and clear others. */
    private static StateModel valueState(Sample sample) {
        StateModel state = StateModel.value("value-" + sample.name(), sample.type());
        List<Object> values = sample.values();
        for (int i = 0; i < values.size(); i++) {
            state.write(0, i, Write.set(values.get(i)));
        }
        int last = values.size() - 1;
        state.write(1, 0, Write.set(values.get(last)));
        state.write(1, KEYS.size() - 1, Write.set(values.get(0)));
        state.write(2, last, Write.clear());
        state.write(3, 2, Write.set(values.get(0)));
        return state;
    }

    /** The longest text is stored once. */
    private static List<Object> shortOnes(Sample sample) {
        return sample.values().stream().filter(value -> !(value instanceof String) || ((String) value).length() < 1000).toList();
    }

    private static StateModel listState(Sample sample) {
        StateModel state = StateModel.list("list-" + sample.name(), sample.type());
        List<Object> values = shortOnes(sample);
        state.write(0, 0, Write.setList(values));
        state.write(0, 1, Write.add(values.get(0)));
        state.write(0, 2, Write.addAll(values.get(values.size() - 1), values.get(0)));
        state.write(0, 3, Write.add(values.get(0))).write(0, 3, Write.clear());
        state.write(1, 1, Write.add(values.get(values.size() - 1)));
        state.write(2, 0, Write.clear());
        state.write(3, 4, Write.add(values.get(0)));
        return state;
    }

    private static StateModel mapState(Sample sample) {
        StateModel state = StateModel.map("map-" + sample.name(), Types.INT, sample.type());
        List<Object> values = shortOnes(sample);
        for (int i = 0; i < values.size(); i++) {
            state.write(0, 0, Write.put(i * 100 - 1, values.get(i)));
            state.write(0, 1 + i % 2, Write.put(i, values.get(i)));
        }
        state.write(1, 0, Write.remove(-1));
        state.write(2, 5, Write.put(7, values.get(0)));
        state.write(3, 1, Write.clear());
        return state;
    }

    /** Null map values; the old backends need a serializer that can write null. */
    private static StateModel nullValues(Sample sample) {
        StateModel state = StateModel.map("map-with-null-" + sample.name(), sample.type(), sample.type());
        state.write(0, 0, Write.put(sample.values().get(0), null));
        for (Object value : sample.values()) {
            state.write(0, 1, Write.put(value, value));
        }
        state.write(0, 1, Write.put(sample.values().get(0), null));
        return state;
    }
}
