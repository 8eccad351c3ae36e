package kobel.conformance.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import kobel.conformance.model.TimerModel.Domain;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.v2.AggregatingStateDescriptor;
import org.apache.flink.api.common.state.v2.AppendingState;
import org.apache.flink.api.common.state.v2.ListState;
import org.apache.flink.api.common.state.v2.ListStateDescriptor;
import org.apache.flink.api.common.state.v2.MapState;
import org.apache.flink.api.common.state.v2.MapStateDescriptor;
import org.apache.flink.api.common.state.v2.ReducingStateDescriptor;
import org.apache.flink.api.common.state.v2.State;
import org.apache.flink.api.common.state.v2.StateDescriptor;
import org.apache.flink.api.common.state.v2.ValueState;
import org.apache.flink.api.common.state.v2.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.TimerService;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * The same with asynchronous state (state V2): a process function on a stream with {@code enableAsyncState}. Its timer service
 * is Flink's "user-timers"; namespaces there are none. Writes wait for each other, as their order matters. Verifying looks at
 * the model's keys only.
 */
public final class AsyncModel extends KeyedModel {
    public AsyncModel(String uid, TypeInformation<?> keyType, List<?> keys) {
        super(uid, keyType, keys);
    }

    @Override
    public void attach(StreamExecutionEnvironment env) {
        finish(steps(env)
                .keyBy(new KeyOfStep(index), typed(keyType))
                .enableAsyncState()
                .process(new AsyncFunction(index), Types.INT));
    }

    @Override
    public void checkAll() {}

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static final class AsyncFunction extends KeyedProcessFunction<Object, Integer, Integer> {
        private static final long serialVersionUID = 1;
        private final int operator;
        private transient Map<String, State> states;

        AsyncFunction(int operator) {
            this.operator = operator;
        }

        private KeyedModel model() {
            return (KeyedModel) Run.operator(operator);
        }

        @Override
        public void open(OpenContext context) {
            states = new HashMap<>();
            for (StateModel state : model().states) {
                states.put(state.name, register(state));
            }
        }

        private State register(StateModel state) {
            switch (state.kind) {
                case VALUE:
                    return getRuntimeContext().getState(withTtl(state, new ValueStateDescriptor<>(state.name, state.valueType)));
                case LIST:
                    return getRuntimeContext().getListState(withTtl(state, new ListStateDescriptor<>(state.name, state.valueType)));
                case MAP:
                    return getRuntimeContext().getMapState(withTtl(state, new MapStateDescriptor<>(state.name, state.mapKeyType, state.valueType)));
                case REDUCING:
                    return getRuntimeContext().getReducingState(withTtl(state, new ReducingStateDescriptor(state.name, state.reduce, state.valueType)));
                default:
                    return getRuntimeContext().getAggregatingState(withTtl(state, new AggregatingStateDescriptor(state.name, state.aggregate, state.valueType)));
            }
        }

        private static <D extends StateDescriptor<?>> D withTtl(StateModel state, D descriptor) {
            if (state.ttl) {
                descriptor.enableTimeToLive(kobel.conformance.flink.Flink.ttlOfDays(3650));
            }
            return descriptor;
        }

        @Override
        public void processElement(Integer step, Context context, Collector<Integer> out) {
            if (step < 0) {
                verify(-1 - step);
                return;
            }
            int phase = step / StepSource.PHASE;
            int key = step % StepSource.PHASE;
            for (StateModel state : model().states) {
                for (Write write : state.writes(phase, key)) {
                    apply(state, states.get(state.name), write);
                }
            }
            for (TimerModel timers : model().timers) {
                for (TimerModel.Change change : timers.changes) {
                    if (change.phase() == phase && change.timer().key() == key) {
                        change(context.timerService(), change);
                    }
                }
            }
        }

        private static void apply(StateModel model, State state, Write write) {
            switch (write.op) {
                case SET:
                    if (model.kind == StateModel.Kind.LIST) {
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

        private static void change(TimerService service, TimerModel.Change change) {
            long timestamp = change.timer().timestamp();
            if (change.timer().domain() == Domain.EVENT && change.isDelete()) {
                service.deleteEventTimeTimer(timestamp);
            } else if (change.timer().domain() == Domain.EVENT) {
                service.registerEventTimeTimer(timestamp);
            } else if (change.isDelete()) {
                service.deleteProcessingTimeTimer(timestamp);
            } else {
                service.registerProcessingTimeTimer(timestamp);
            }
        }

        private void verify(int key) {
            StringBuilder differences = new StringBuilder();
            for (StateModel state : model().states) {
                String difference = state.difference(Run.checkedPhases(), key, null, contents(state, states.get(state.name)));
                if (difference != null) {
                    differences.append(model().name).append(" key ").append(key).append(' ').append(difference).append('\n');
                }
            }
            Run.verified(differences.length() == 0 ? null : differences.toString());
        }

        private static Object contents(StateModel model, State state) {
            switch (model.kind) {
                case VALUE:
                    return ((ValueState) state).value();
                case LIST:
                    List<Object> list = new ArrayList<>();
                    Iterable<?> elements = ((ListState<?>) state).get();
                    if (elements != null) {
                        elements.forEach(list::add);
                    }
                    return list.isEmpty() ? null : list;
                case MAP:
                    Map<Object, Object> map = new LinkedHashMap<>();
                    Iterable<Map.Entry> entries = ((MapState) state).entries();
                    if (entries != null) {
                        entries.forEach(entry -> map.put(entry.getKey(), entry.getValue()));
                    }
                    return map.isEmpty() ? null : map;
                default:
                    return ((AppendingState) state).get();
            }
        }
    }
}
