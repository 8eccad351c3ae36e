package kobel.conformance.model;

import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/** One change of one state, applied both to real Flink and to the model. */
public final class Write {
    /** SET: value or whole list; ADD: element, or input of a reducing or aggregating state; PUT and REMOVE: map entry. */
    public enum Op { SET, ADD, ADD_ALL, PUT, REMOVE, CLEAR }

    final Op op;
    final Object mapKey;
    final Object value;

    private Write(Op op, Object mapKey, Object value) {
        this.op = op;
        this.mapKey = mapKey;
        this.value = value;
    }

    Write changed(UnaryOperator<Object> change) {
        return value == null ? this : new Write(op, mapKey, change.apply(value));
    }

    public static Write set(Object value) {
        return new Write(Op.SET, null, value);
    }

    public static Write add(Object value) {
        return new Write(Op.ADD, null, value);
    }

    public static Write addAll(Object... values) {
        return new Write(Op.ADD_ALL, null, Arrays.asList(values));
    }

    public static Write setList(List<?> values) {
        return new Write(Op.SET, null, values);
    }

    public static Write put(Object mapKey, Object value) {
        return new Write(Op.PUT, mapKey, value);
    }

    public static Write remove(Object mapKey) {
        return new Write(Op.REMOVE, mapKey, null);
    }

    public static Write clear() {
        return new Write(Op.CLEAR, null, null);
    }
}
