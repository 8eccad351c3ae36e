package kobel.conformance.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import kobel.conformance.model.TimerModel.Domain;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import kobel.conformance.flink.Flink;

/**
 * Does what the model says. It registers its states as a process function's runtime context does, but may also use namespaces
 * of its own and list the keys of a state.
 */
@SuppressWarnings({"unchecked", "rawtypes"})
final class ModelOperator extends AbstractStreamOperator<Integer>
        implements OneInputStreamOperator<Integer, Integer>, Triggerable<Object, Object> {
    private static final long serialVersionUID = 1;
    private final int operator;
    private transient KeyedModel model;
    private transient Map<String, StateDescriptor> descriptors;
    private transient Map<String, TypeSerializer> namespaceSerializers;
    private transient List<InternalTimerService> services;
    private transient boolean isCounted;

    ModelOperator(int operator) {
        this.operator = operator;
    }

    @Override
    public void open() throws Exception {
        super.open();
        model = (KeyedModel) Run.operator(operator);
        descriptors = new HashMap<>();
        namespaceSerializers = new HashMap<>();
        services = new ArrayList<>();
        ExecutionConfig config = getExecutionConfig();
        for (StateModel state : model.states) {
            StateDescriptor descriptor = state.descriptor();
            TypeSerializer namespaces = state.namespaceType() == null
                    ? VoidNamespaceSerializer.INSTANCE : Flink.serializer(state.namespaceType(), config);
            descriptors.put(state.name, descriptor);
            namespaceSerializers.put(state.name, namespaces);
            getOrCreateKeyedState(namespaces, descriptor);
        }
        for (TimerModel service : model.timers) {
            TypeSerializer namespaces = service.namespaceType == null
                    ? VoidNamespaceSerializer.INSTANCE : Flink.serializer(service.namespaceType, config);
            services.add(getInternalTimerService(service.service, namespaces, this));
        }
    }

    @Override
    public void processElement(StreamRecord<Integer> record) throws Exception {
        int step = record.getValue();
        if (step < 0) {
            verify(-1 - step);
            return;
        }
        int phase = step / StepSource.PHASE;
        int key = step % StepSource.PHASE;
        for (StateModel state : model.states) {
            state.apply(phase, key, namespace -> state(state, namespace));
        }
        for (int i = 0; i < services.size(); i++) {
            for (TimerModel.Change change : model.timers.get(i).changes) {
                if (change.phase() == phase && change.timer().key() == key) {
                    change(services.get(i), change);
                }
            }
        }
    }

    private static Object orVoid(Object namespace) {
        return namespace == null ? VoidNamespace.INSTANCE : namespace;
    }

    private State state(StateModel state, Object namespace) throws Exception {
        return getPartitionedState(orVoid(namespace), namespaceSerializers.get(state.name), descriptors.get(state.name));
    }

    private static void change(InternalTimerService service, TimerModel.Change change) {
        TimerModel.Timer timer = change.timer();
        Object namespace = orVoid(timer.namespace());
        if (timer.domain() == Domain.EVENT && change.isDelete()) {
            service.deleteEventTimeTimer(namespace, timer.timestamp());
        } else if (timer.domain() == Domain.EVENT) {
            service.registerEventTimeTimer(namespace, timer.timestamp());
        } else if (change.isDelete()) {
            service.deleteProcessingTimeTimer(namespace, timer.timestamp());
        } else {
            service.registerProcessingTimeTimer(namespace, timer.timestamp());
        }
    }

    private void verify(int key) throws Exception {
        StringBuilder differences = new StringBuilder();
        for (StateModel state : model.states) {
            for (Object namespace : state.namespaces()) {
                String difference = state.difference(Run.checkedPhases(), key, namespace, state(state, namespace));
                if (difference != null) {
                    differences.append(model.name).append(" key ").append(key).append(' ').append(difference).append('\n');
                }
            }
        }
        if (!isCounted) {
            isCounted = true;
            count();
        }
        Run.verified(differences.length() == 0 ? null : differences.toString());
    }

    private void count() throws Exception {
        Object currentKey = getCurrentKey();
        for (StateModel state : model.states) {
            for (Object namespace : state.namespaces()) {
                long keys = getKeyedStateBackend().getKeys(state.name, orVoid(namespace)).distinct().count();
                Run.count(model.countName(state, namespace), (int) keys);
            }
        }
        for (int i = 0; i < services.size(); i++) {
            TimerModel service = model.timers.get(i);
            Flink.forEachTimer(services.get(i), (isEvent, namespace, timestamp) -> {
                Domain domain = isEvent ? Domain.EVENT : Domain.PROCESSING;
                Object shown = namespace instanceof VoidNamespace ? null : namespace;
                Run.count(model.timerName(service, TimerModel.text(domain, timestamp, getCurrentKey(), shown)), 1);
                Run.count(model.timerName(service, ""), 1);
            });
        }
        setCurrentKey(currentKey);
    }

    @Override
    public void onEventTime(InternalTimer<Object, Object> timer) throws Exception {
        fired(Domain.EVENT, timer, model.hasPlainState() ? model.states.get(0).read(state(model.states.get(0), null)) : null);
    }

    @Override
    public void onProcessingTime(InternalTimer<Object, Object> timer) {
        fired(Domain.PROCESSING, timer, null);
    }

    /** Which of the services it was, nobody says: it is the one with such a timer. */
    private void fired(Domain domain, InternalTimer<Object, Object> timer, Object value) {
        if (!Run.isResuming()) {
            throw new IllegalStateException("no timer may fire: " + timer);
        }
        Object namespace = timer.getNamespace() instanceof VoidNamespace ? null : timer.getNamespace();
        TimerModel service = model.timers.get(0);
        for (TimerModel candidate : model.timers) {
            if (candidate.isOf(namespace)) {
                service = candidate;
            }
        }
        Run.result(operator, KeyedModel.fired(service, domain, timer.getTimestamp(), timer.getKey(), namespace, value));
    }
}
