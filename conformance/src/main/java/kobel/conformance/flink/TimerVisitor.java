package kobel.conformance.flink;

/** Is shown the timers of a service, with the timer's key as the current key. */
public interface TimerVisitor {
    void visit(boolean isEvent, Object namespace, long timestamp) throws Exception;
}
