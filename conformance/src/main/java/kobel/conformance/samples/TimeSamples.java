package kobel.conformance.samples;

import java.sql.Timestamp;
import java.util.Date;
import java.util.List;
import org.apache.flink.api.common.typeinfo.BasicTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;

/** The older date and time classes; those of java.time are among the samples of the versions that have them. */
public final class TimeSamples {
    /** The largest instant of a four-digit year, in milliseconds. */
    private static final long FAR = 253402300799999L;

    private TimeSamples() {}

    public static List<Sample> all() {
        return List.of(
                Sample.of("date", BasicTypeInfo.DATE_TYPE_INFO, new Date(0), new Date(-1), new Date(FAR), new Date(-62135596800000L), new Date(1234567890123L)),
                Sample.of("sql-date", Types.SQL_DATE, new java.sql.Date(0), new java.sql.Date(-86_400_000L), new java.sql.Date(1234567890123L)),
                Sample.of("sql-time", Types.SQL_TIME, new java.sql.Time(0), new java.sql.Time(86_399_999L), new java.sql.Time(-1)),
                Sample.of("sql-timestamp", Types.SQL_TIMESTAMP, timestamp(0, 0), timestamp(1234567890000L, 123456789), timestamp(-1000, 999_999_999),
                        timestamp(FAR - 999, 1), timestamp(1700000000000L, 7_000_000)));
    }

    private static Timestamp timestamp(long millis, int nanos) {
        Timestamp timestamp = new Timestamp(millis);
        timestamp.setNanos(nanos);
        return timestamp;
    }
}
