package kobel.conformance.samples;

import java.util.Arrays;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/** A type with values worth storing; none of them is null. */
public record Sample(String name, TypeInformation<?> type, List<Object> values) {
    public static Sample of(String name, TypeInformation<?> type, Object... values) {
        return new Sample(name, type, Arrays.asList(values));
    }
}
