package kobel.conformance.flink;

import java.time.Instant;
import java.util.List;
import kobel.conformance.samples.Sample;
import org.apache.flink.api.common.typeinfo.Types;

/** Types that not every version of Flink has. */
public final class VersionSamples {
    private VersionSamples() {}

    public static List<Sample> all() {
        return List.of(
                Sample.of("instant", Types.INSTANT, Instant.EPOCH, Instant.MIN, Instant.MAX, Instant.ofEpochSecond(-1, 1), Instant.ofEpochMilli(1234567890123L)));
    }

    /** Key types that not every version of Flink has. */
    public static List<Sample> keys() {
        return List.of(Sample.of("instant", Types.INSTANT, Instant.EPOCH, Instant.ofEpochSecond(-1, 999_999_999), Instant.MAX));
    }
}
