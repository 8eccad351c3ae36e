package kobel.conformance.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import kobel.conformance.flink.Flink;
import kobel.conformance.json.Json;
import kobel.conformance.json.Render;
import org.apache.flink.api.common.state.AggregatingState;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ReducingState;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/** Stands in for a window operator when verifying, and lists all that the operator left behind. */
@SuppressWarnings({"unchecked", "rawtypes"})
final class WindowReader extends AbstractStreamOperator<Integer> implements OneInputStreamOperator<Integer, Integer>, Triggerable<Object, Object> {
    private static final long serialVersionUID = 1;
    private final int operator;
    private transient WindowModel model;
    private transient List<StateDescriptor<?, ?>> descriptors;
    private transient InternalTimerService timers;
    private transient boolean isListed;

    WindowReader(int operator) {
        this.operator = operator;
    }

    @Override
    public void open() throws Exception {
        super.open();
        model = (WindowModel) Run.operator(operator);
        descriptors = model.shape.descriptors();
        for (StateDescriptor descriptor : descriptors) {
            getOrCreateKeyedState(namespaces(descriptor), descriptor);
        }
        timers = getInternalTimerService("window-timers", (TypeSerializer) model.shape.windowSerializer(), this);
    }

    private TypeSerializer namespaces(StateDescriptor descriptor) {
        return descriptor.getName().equals(WindowModel.MERGING) ? VoidNamespaceSerializer.INSTANCE : model.shape.windowSerializer();
    }

    @Override
    public void processElement(StreamRecord<Integer> record) throws Exception {
        if (!isListed) {
            isListed = true;
            Object currentKey = getCurrentKey();
            for (StateDescriptor descriptor : descriptors) {
                list(descriptor);
            }
            Flink.forEachTimer(timers, (isEvent, namespace, timestamp) -> found("timers", Json.object(
                    "timestamp", timestamp, "key", Render.json(getCurrentKey()), "namespace", Render.json(namespace))));
            setCurrentKey(currentKey);
        }
        Run.verified(null);
    }

    private void list(StateDescriptor descriptor) throws Exception {
        for (Tuple2<Object, Object> place : Flink.keysAndNamespaces(getKeyedStateBackend(), descriptor.getName())) {
            setCurrentKey(place.f0);
            State state = getPartitionedState(place.f1, namespaces(descriptor), descriptor);
            Map<String, Object> entry = Json.object("key", Render.json(place.f0));
            if (!(place.f1 instanceof VoidNamespace)) {
                entry.put("namespace", Render.json(place.f1));
            }
            Object content = content(state);
            entry.put("value", descriptor.getName().equals(WindowModel.MERGING) ? Json.sorted((List<?>) content) : content);
            found(descriptor.getName(), entry);
        }
    }

    private static Object content(State state) throws Exception {
        if (state instanceof ListState) {
            List<Object> elements = new ArrayList<>();
            ((ListState<?>) state).get().forEach(element -> elements.add(element instanceof StreamRecord
                    ? Json.object("timestamp", ((StreamRecord<?>) element).getTimestamp(), "value", Render.json(((StreamRecord<?>) element).getValue()))
                    : Render.json(element)));
            return elements;
        } else if (state instanceof ReducingState) {
            return Render.json(((ReducingState) state).get());
        }
        return Render.json(((AggregatingState) state).get());
    }

    private void found(String state, Object entry) {
        Run.count(model.entryName(state, Json.text(entry)), 1);
        Run.count(model.entryName(state, ""), 1);
    }

    @Override
    public void onEventTime(InternalTimer<Object, Object> timer) {}

    @Override
    public void onProcessingTime(InternalTimer<Object, Object> timer) {}
}
