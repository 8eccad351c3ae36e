package kobel.conformance.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A job: its operators with everything they are given, phase by phase. Shared by generating and restoring. */
public final class JobModel {
    public final String name;
    public final List<OperatorModel> operators = new ArrayList<>();
    public final List<Class<?>> registeredPojos = new ArrayList<>();

    public JobModel(String name) {
        this.name = name;
    }

    public JobModel add(OperatorModel operator) {
        operator.index = operators.size();
        operators.add(operator);
        return this;
    }

    public OperatorModel operator(String uid) {
        return operators.stream().filter(operator -> uid.equals(operator.uid)).findFirst().orElseThrow();
    }

    public JobModel registerPojo(Class<?> type) {
        registeredPojos.add(type);
        return this;
    }

    public int maxOperatorParallelism() {
        return operators.stream().mapToInt(operator -> operator.parallelism).max().orElse(1);
    }

    /** The operators as they stand in expected.json after so many phases. */
    public List<Map<String, Object>> expected(int phases) {
        List<Map<String, Object>> list = new ArrayList<>();
        operators.forEach(operator -> list.add(operator.expected(phases)));
        operators.forEach(operator -> list.addAll(operator.others()));
        return list;
    }
}
