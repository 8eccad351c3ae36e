package kobel.conformance.flink;

import org.apache.flink.streaming.api.functions.source.SourceFunction;

/** The source interface, wherever this version of Flink keeps it. */
public abstract class LegacySource<T> implements SourceFunction<T> {
    private static final long serialVersionUID = 1;
}
