package kobel.conformance.flink;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.List;
import kobel.conformance.samples.Sample;
import kobel.conformance.types.Point;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;

/** Types that not every version of Flink has. */
public final class VersionSamples {
    private VersionSamples() {}

    public static List<Sample> all() {
        List<Sample> samples = new ArrayList<>();
        samples.add(Sample.of("local-date", Types.LOCAL_DATE, LocalDate.of(1970, 1, 1), LocalDate.MIN, LocalDate.MAX, LocalDate.of(2024, 2, 29)));
        samples.add(Sample.of("local-time", Types.LOCAL_TIME, LocalTime.MIDNIGHT, LocalTime.MAX, LocalTime.of(1, 2, 3, 4), LocalTime.of(12, 34)));
        samples.add(Sample.of("local-date-time", Types.LOCAL_DATE_TIME, LocalDateTime.MIN, LocalDateTime.MAX, LocalDateTime.of(1969, 12, 31, 23, 59, 59)));
        samples.add(Sample.of("instant", Types.INSTANT, Instant.EPOCH, Instant.MIN, Instant.MAX, Instant.ofEpochSecond(-1, 1), Instant.ofEpochMilli(1234567890123L)));
        if (Flink.isAtLeast(1, 19)) {
            samples.add(Sample.of("record", TypeInformation.of(Point.class), new Point(1, 2L, "p"), new Point(-1, null, null)));
        }
        return samples;
    }

    /** Key types that not every version of Flink has. */
    public static List<Sample> keys() {
        return List.of(
                Sample.of("local-date", Types.LOCAL_DATE, LocalDate.of(2024, 2, 29), LocalDate.of(1969, 12, 31), LocalDate.MAX, LocalDate.MIN),
                Sample.of("local-time", Types.LOCAL_TIME, LocalTime.MIDNIGHT, LocalTime.MAX, LocalTime.of(12, 34, 56)),
                Sample.of("local-date-time", Types.LOCAL_DATE_TIME, LocalDateTime.of(2024, 2, 29, 1, 2), LocalDateTime.of(-1, 1, 1, 0, 0)),
                Sample.of("instant", Types.INSTANT, Instant.EPOCH, Instant.ofEpochSecond(-1, 999_999_999), Instant.MAX));
    }
}
