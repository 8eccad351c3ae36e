package kobel.conformance.model;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import kobel.conformance.json.Json;
import kobel.conformance.json.Render;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.api.java.typeutils.PojoTypeInfo;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** A keyed operator with any states and timers. A step is the index of a key: all that its phase writes for that key. */
public class KeyedModel extends OperatorModel {
    public final TypeInformation<?> keyType;
    public final List<Object> keys;
    public final List<StateModel> states = new ArrayList<>();
    public final List<TimerModel> timers = new ArrayList<>();

    public KeyedModel(String uid, TypeInformation<?> keyType, List<?> keys) {
        this(uid, uid, keyType, keys);
    }

    public KeyedModel(String uid, String name, TypeInformation<?> keyType, List<?> keys) {
        super(uid, name);
        this.keyType = keyType;
        this.keys = new ArrayList<>(keys);
    }

    public KeyedModel parallel(int parallelism, int maxParallelism) {
        this.parallelism = parallelism;
        this.maxParallelism = maxParallelism;
        return this;
    }

    public StateModel state(String stateName) {
        return states.stream().filter(state -> state.name.equals(stateName)).findFirst().orElseThrow();
    }

    public KeyedModel state(StateModel state) {
        states.add(state);
        return this;
    }

    /** Its source ends after the first phase. */
    public KeyedModel ending() {
        isEnding = true;
        return this;
    }

    public KeyedModel timers(TimerModel service) {
        timers.add(service);
        return this;
    }

    @Override
    public void attach(StreamExecutionEnvironment env) {
        finish(steps(env)
                .keyBy(new KeyOfStep(index), typed(keyType))
                .transform(name, Types.INT, new ModelOperator(index)));
    }

    @SuppressWarnings("unchecked")
    static TypeInformation<Object> typed(TypeInformation<?> type) {
        return (TypeInformation<Object>) type;
    }

    @Override
    public List<Integer> steps(int phase) {
        List<Integer> steps = new ArrayList<>();
        for (int key = 0; key < keys.size(); key++) {
            steps.add(key);
        }
        return steps;
    }

    @Override
    public List<Integer> verifySteps() {
        return isEnding ? List.of() : steps(0);
    }

    @Override
    protected void describe(Map<String, Object> operator, int phases) {
        operator.put("keyType", keyType.toString());
        List<Object> stateList = new ArrayList<>();
        states.forEach(state -> stateList.add(state.expected(keys, phases)));
        operator.put("keyedStates", stateList);
        if (!timers.isEmpty()) {
            List<Object> timerList = new ArrayList<>();
            timers.forEach(service -> timerList.addAll(service.expected(keys, phases)));
            operator.put("timers", timerList);
        }
    }

    /** Keys of these classes need a hash that only their own code knows. */
    @Override
    public Integer keyGroup(String key) {
        if (!(keyType instanceof PojoTypeInfo)) {
            return null;
        }
        for (Object candidate : keys) {
            if (Json.text(Render.json(candidate)).equals(key)) {
                return KeyGroupRangeAssignment.assignToKeyGroup(candidate, maxParallelism);
            }
        }
        throw new IllegalArgumentException(key);
    }

    @Override
    public Map<String, Object> plan(PlanTypes types) {
        List<Object> list = new ArrayList<>();
        states.forEach(state -> list.add(state.plan(types)));
        timers.forEach(service -> list.add(service.plan(types)));
        return Json.object("key", types.of(keyType), "states", list);
    }

    /** Every timer fires; what it gives tells the key's first state too. */
    @Override
    public List<Object> results(int phasesBefore, int phases) {
        List<Object> results = new ArrayList<>();
        for (TimerModel service : timers) {
            for (TimerModel.Timer timer : service.contents(phases)) {
                if (timer.domain() == TimerModel.Domain.EVENT) {
                    results.add(fired(service, timer.domain(), timer.timestamp(), keys.get(timer.key()), timer.namespace(),
                            hasPlainState() ? states.get(0).content(timer.key(), phases) : null));
                }
            }
            service.due.forEach(timer -> results.add(fired(service, timer.domain(), timer.timestamp(), keys.get(timer.key()), timer.namespace(), null)));
        }
        return results;
    }

    boolean hasPlainState() {
        return !states.isEmpty() && states.get(0).namespaceType() == null;
    }

    static Object fired(TimerModel service, TimerModel.Domain domain, long timestamp, Object key, Object namespace, Object value) {
        return Json.object("fired", service.service, "timer", TimerModel.text(domain, timestamp, key, namespace), "value", Render.json(value));
    }

    /** The counts that the verifying subtasks together must reach. */
    @Override
    public void checkAll() {
        if (isEnding) {
            return;
        }
        for (StateModel state : states) {
            for (Object namespace : state.namespaces()) {
                long expected = state.count(Run.checkedPhases(), namespace);
                int found = Run.counted(countName(state, namespace));
                if (expected != found) {
                    Run.differences().add(name + " " + state.name + ": " + found + " keys instead of " + expected);
                }
            }
        }
        for (TimerModel service : timers) {
            Set<String> expected = new LinkedHashSet<>(service.texts(keys, Run.checkedPhases()));
            for (String timer : expected) {
                if (Run.counted(timerName(service, timer)) != 1) {
                    Run.differences().add(name + " " + service.service + ": no timer " + timer);
                }
            }
            if (Run.counted(timerName(service, "")) != expected.size()) {
                Run.differences().add(name + " " + service.service + ": " + Run.counted(timerName(service, "")) + " timers");
            }
        }
    }

    String countName(StateModel state, Object namespace) {
        return index + "/" + state.name + "/" + namespace;
    }

    String timerName(TimerModel service, String timer) {
        return index + "/" + service.service + "/" + timer;
    }

    static final class KeyOfStep implements KeySelector<Integer, Object> {
        private static final long serialVersionUID = 1;
        private final int operator;

        KeyOfStep(int operator) {
            this.operator = operator;
        }

        @Override
        public Object getKey(Integer step) {
            int key = step < 0 ? -1 - step : step % StepSource.PHASE;
            return ((KeyedModel) Run.operator(operator)).keys.get(key);
        }
    }
}
