package kobel.conformance.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import kobel.conformance.flink.Flink;
import kobel.conformance.json.Json;
import kobel.conformance.json.Render;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.functions.ReduceFunction;
import org.apache.flink.api.common.state.AggregatingState;
import org.apache.flink.api.common.state.AggregatingStateDescriptor;
import org.apache.flink.api.common.state.AppendingState;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ReducingState;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/**
 * A keyed state: what it is, what is written to it in each phase, and therefore what it must hold afterwards. Keys are the
 * indices of the operator's key list.
 */
@SuppressWarnings({"unchecked", "rawtypes"})
public final class StateModel {
    /** The kinds of keyed state. */
    public enum Kind { VALUE, LIST, MAP, REDUCING, AGGREGATING }

    private record Target(int key, Object namespace, Write write) {}

    private record Slot(int key, Object namespace) {}

    public String name;
    public final Kind kind;
    TypeInformation<?> valueType;
    final TypeInformation<?> mapKeyType;
    boolean ttl;
    private TypeInformation<?> namespaceType;
    ReduceFunction reduce;
    AggregateFunction aggregate;
    private final Map<Integer, List<Target>> writes = new LinkedHashMap<>();

    private StateModel(String name, Kind kind, TypeInformation<?> mapKeyType, TypeInformation<?> valueType) {
        this.name = name;
        this.kind = kind;
        this.mapKeyType = mapKeyType;
        this.valueType = valueType;
    }

    public static StateModel value(String name, TypeInformation<?> type) {
        return new StateModel(name, Kind.VALUE, null, type);
    }

    public static StateModel list(String name, TypeInformation<?> type) {
        return new StateModel(name, Kind.LIST, null, type);
    }

    public static StateModel map(String name, TypeInformation<?> keyType, TypeInformation<?> valueType) {
        return new StateModel(name, Kind.MAP, keyType, valueType);
    }

    public static <T> StateModel reducing(String name, TypeInformation<T> type, ReduceFunction<T> function) {
        StateModel state = new StateModel(name, Kind.REDUCING, null, type);
        state.reduce = function;
        return state;
    }

    public static <A> StateModel aggregating(String name, TypeInformation<A> type, AggregateFunction<?, A, ?> function) {
        StateModel state = new StateModel(name, Kind.AGGREGATING, null, type);
        state.aggregate = function;
        return state;
    }

    /** What a key holds after the first phase. */
    public record Found(int key, Object content) {}

    public List<Found> found() {
        List<Found> found = new ArrayList<>();
        contents(1).forEach((slot, content) -> found.add(new Found(slot.key, content)));
        return found;
    }

    /** As if the first phase had not been. */
    public void forget() {
        writes.remove(0);
    }

    public void setTtl(boolean hasTtl) {
        ttl = hasTtl;
    }

    /** All that was and will be written to a value or map is of another type. */
    public void retype(TypeInformation<?> type, UnaryOperator<Object> change) {
        valueType = type;
        writes.replaceAll((phase, targets) -> new ArrayList<>(targets.stream()
                .map(target -> new Target(target.key, target.namespace, target.write.changed(change))).toList()));
    }

    public StateModel withTtl() {
        ttl = true;
        return this;
    }

    public StateModel withNamespace(TypeInformation<?> type) {
        namespaceType = type;
        return this;
    }

    /** Adds a write in VoidNamespace. */
    public StateModel write(int phase, int key, Write write) {
        return write(phase, key, null, write);
    }

    public StateModel write(int phase, int key, Object namespace, Write write) {
        writes.computeIfAbsent(phase, p -> new ArrayList<>()).add(new Target(key, namespace, write));
        return this;
    }

    public TypeInformation<?> namespaceType() {
        return namespaceType;
    }

    /** A new descriptor; each task must have its own. */
    public StateDescriptor<?, ?> descriptor() {
        StateDescriptor<?, ?> descriptor;
        switch (kind) {
            case VALUE:
                descriptor = new ValueStateDescriptor<>(name, valueType);
                break;
            case LIST:
                descriptor = new ListStateDescriptor<>(name, valueType);
                break;
            case MAP:
                descriptor = new MapStateDescriptor<>(name, mapKeyType, valueType);
                break;
            case REDUCING:
                descriptor = new ReducingStateDescriptor(name, reduce, valueType);
                break;
            default:
                descriptor = new AggregatingStateDescriptor(name, aggregate, valueType);
        }
        if (ttl) {
            descriptor.enableTimeToLive(Flink.ttlOfDays(3650));
        }
        return descriptor;
    }

    /** Gives the namespace's state, positioned at the current key. */
    public interface Access {
        State of(Object namespace) throws Exception;
    }

    /** Writes what this phase writes for a key. */
    public void apply(int phase, int key, Access states) throws Exception {
        for (Target target : writes.getOrDefault(phase, List.of())) {
            if (target.key == key) {
                apply(states.of(target.namespace), target.write);
            }
        }
    }

    /** The writes of a phase for a key in VoidNamespace. */
    List<Write> writes(int phase, int key) {
        return writes.getOrDefault(phase, List.of()).stream().filter(target -> target.key == key).map(Target::write).toList();
    }

    private void apply(State state, Write write) throws Exception {
        switch (write.op) {
            case SET:
                if (kind == Kind.LIST) {
                    ((ListState) state).update((List) write.value);
                } else {
                    ((ValueState) state).update(write.value);
                }
                break;
            case ADD:
                ((AppendingState) state).add(write.value);
                break;
            case ADD_ALL:
                ((ListState) state).addAll((List) write.value);
                break;
            case PUT:
                ((MapState) state).put(write.mapKey, write.value);
                break;
            case REMOVE:
                ((MapState) state).remove(write.mapKey);
                break;
            default:
                state.clear();
        }
    }

    /** What the state holds after the phases before the given one: an entry for each key and namespace that has something. */
    private Map<Slot, Object> contents(int phases) {
        Map<Slot, Object> contents = new LinkedHashMap<>();
        for (int phase = 0; phase < phases; phase++) {
            for (Target target : writes.getOrDefault(phase, List.of())) {
                Slot slot = new Slot(target.key, target.namespace);
                Object after = after(contents.get(slot), target.write);
                boolean isEmpty = after == null || after instanceof Map && ((Map) after).isEmpty() && kind == Kind.MAP
                        || after instanceof List && ((List) after).isEmpty() && kind == Kind.LIST;
                if (isEmpty) {
                    contents.remove(slot);
                } else {
                    contents.put(slot, after);
                }
            }
        }
        return contents;
    }

    private Object after(Object before, Write write) {
        try {
            switch (write.op) {
                case SET:
                    return kind == Kind.LIST ? new ArrayList<>((List) write.value) : write.value;
                case ADD:
                    if (kind == Kind.REDUCING) {
                        return before == null ? write.value : reduce.reduce(before, write.value);
                    } else if (kind == Kind.AGGREGATING) {
                        return aggregate.add(write.value, before == null ? aggregate.createAccumulator() : before);
                    }
                    return joined(before, List.of(write.value));
                case ADD_ALL:
                    return joined(before, (List) write.value);
                case PUT:
                    Map put = before == null ? new LinkedHashMap<>() : (Map) before;
                    put.put(write.mapKey, write.value);
                    return put;
                case REMOVE:
                    Map removed = before == null ? new LinkedHashMap<>() : (Map) before;
                    removed.remove(write.mapKey);
                    return removed;
                default:
                    return null;
            }
        } catch (Exception e) {
            throw new IllegalStateException("model of " + name, e);
        }
    }

    private static List<Object> joined(Object before, List<?> more) {
        List<Object> joined = before == null ? new ArrayList<>() : new ArrayList<>((List<?>) before);
        joined.addAll(more);
        return joined;
    }

    /** What a key's state holds in VoidNamespace; of an aggregating one the result. */
    Object content(int key, int phases) {
        Object content = contents(phases).get(new Slot(key, null));
        return kind == Kind.AGGREGATING && content != null ? aggregate.getResult(content) : content;
    }

    Map<String, Object> plan(PlanTypes types) {
        Map<String, Object> plan = Json.object("name", name, "kind", kind.name().toLowerCase(), "type", types.of(valueType));
        if (mapKeyType != null) {
            plan.put("mapKey", types.of(mapKeyType));
        }
        if (namespaceType != null) {
            plan.put("namespace", types.of(namespaceType));
        }
        if (ttl) {
            plan.put("ttl", true);
        }
        return plan;
    }

    /** The state as it stands in expected.json. */
    public Map<String, Object> expected(List<?> keys, int phases) {
        Map<String, Object> state = Json.object("name", name, "kind", kind.name().toLowerCase(), "ttl", ttl);
        if (mapKeyType != null) {
            state.put("mapKeyType", mapKeyType.toString());
            state.put("mapValueType", valueType.toString());
        } else {
            state.put("valueType", valueType.toString());
        }
        if (namespaceType != null) {
            state.put("namespaceType", namespaceType.toString());
        }
        List<Object> entries = new ArrayList<>();
        contents(phases).forEach((slot, content) -> {
            Map<String, Object> entry = Json.object("key", Render.json(keys.get(slot.key)));
            if (namespaceType != null) {
                entry.put("namespace", Render.json(slot.namespace));
            }
            if (kind == Kind.MAP) {
                ((Map<?, ?>) content).forEach((mapKey, value) -> {
                    Map<String, Object> mapEntry = new LinkedHashMap<>(entry);
                    mapEntry.put("mapKey", Render.json(mapKey));
                    mapEntry.put("value", Render.json(value));
                    entries.add(mapEntry);
                });
            } else {
                entry.put("value", Render.json(content));
                entries.add(entry);
            }
        });
        state.put("entries", Json.sorted(entries));
        return state;
    }

    /** Namespaces that any key ever used. */
    public List<Object> namespaces() {
        return writes.values().stream().flatMap(List::stream).map(Target::namespace).distinct().toList();
    }

    /** How many keys must have something in the namespace. */
    public long count(int phases, Object namespace) {
        return contents(phases).keySet().stream().filter(slot -> Objects.equals(slot.namespace, namespace)).count();
    }

    /** The difference between the state of the current key and the model, or null. */
    public String difference(int phases, int key, Object namespace, State state) throws Exception {
        return difference(phases, key, namespace, read(state));
    }

    /** Null, a value, or a list or map with something in it; aggregating: the result. */
    public Object read(State state) throws Exception {
        Object actual;
        switch (kind) {
            case VALUE:
                actual = ((ValueState) state).value();
                break;
            case LIST:
                actual = listOf((Iterable<?>) ((ListState) state).get());
                break;
            case MAP:
                Map<Object, Object> map = new LinkedHashMap<>();
                Iterable<Map.Entry> entries = ((MapState) state).entries();
                if (entries != null) {
                    entries.forEach(entry -> map.put(entry.getKey(), entry.getValue()));
                }
                actual = map.isEmpty() ? null : map;
                break;
            case REDUCING:
                actual = ((ReducingState) state).get();
                break;
            default:
                actual = ((AggregatingState) state).get();
        }
        return actual;
    }

    /** The same for what was read. */
    String difference(int phases, int key, Object namespace, Object actual) {
        Object expected = contents(phases).get(new Slot(key, namespace));
        if (kind == Kind.AGGREGATING && expected != null) {
            expected = aggregate.getResult(expected);
        }
        String wanted = Json.text(Render.json(expected));
        String found = Json.text(Render.json(actual));
        return wanted.equals(found) ? null : name + ": expected " + wanted + " but found " + found;
    }

    private static List<Object> listOf(Iterable<?> elements) {
        List<Object> list = new ArrayList<>();
        if (elements != null) {
            elements.forEach(list::add);
        }
        return list.isEmpty() ? null : list;
    }
}
