package kobel.conformance.model;

import java.util.LinkedHashMap;
import java.util.Map;
import kobel.conformance.json.Render;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.state.AggregatingStateDescriptor;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.state.api.functions.KeyedStateReaderFunction;
import org.apache.flink.util.Collector;

/** Tells all states and timers of each key. */
@SuppressWarnings({"unchecked", "rawtypes"})
final class KeyReader extends KeyedStateReaderFunction<Object, String> {
    private static final long serialVersionUID = 1;
    private final int operator;
    private transient Map<StateModel, State> states;

    KeyReader(int operator) {
        this.operator = operator;
    }

    /** What opening is called depends on the version; the context comes just before. */
    @Override
    public void setRuntimeContext(RuntimeContext context) {
        super.setRuntimeContext(context);
        states = new LinkedHashMap<>();
        for (StateModel state : ((KeyedModel) Run.operator(operator)).states) {
            if (state.namespaceType() == null) {
                states.put(state, state(context, state.descriptor()));
            }
        }
    }

    public void open(Configuration parameters) {}

    private static State state(RuntimeContext context, StateDescriptor<?, ?> descriptor) {
        if (descriptor instanceof ValueStateDescriptor) {
            return context.getState((ValueStateDescriptor) descriptor);
        } else if (descriptor instanceof ListStateDescriptor) {
            return context.getListState((ListStateDescriptor) descriptor);
        } else if (descriptor instanceof MapStateDescriptor) {
            return context.getMapState((MapStateDescriptor) descriptor);
        } else if (descriptor instanceof ReducingStateDescriptor) {
            return context.getReducingState((ReducingStateDescriptor) descriptor);
        }
        return context.getAggregatingState((AggregatingStateDescriptor) descriptor);
    }

    @Override
    public void readKey(Object key, Context context, Collector<String> out) throws Exception {
        KeyedModel model = (KeyedModel) Run.operator(operator);
        for (Map.Entry<StateModel, State> state : states.entrySet()) {
            Object content = state.getKey().read(state.getValue());
            if (content != null) {
                out.collect(StateProcessor.text(model, state.getKey().name, key, null, Render.json(content)));
            }
        }
        for (Long timestamp : context.registeredEventTimeTimers()) {
            out.collect(StateProcessor.text(model, TimerModel.Domain.EVENT + " timer", key, null, timestamp));
        }
        for (Long timestamp : context.registeredProcessingTimeTimers()) {
            out.collect(StateProcessor.text(model, TimerModel.Domain.PROCESSING + " timer", key, null, timestamp));
        }
    }
}
