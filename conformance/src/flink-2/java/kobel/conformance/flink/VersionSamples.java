package kobel.conformance.flink;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import kobel.conformance.samples.Sample;
import kobel.conformance.types.Point;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;

/** Types that not every version of Flink has. */
public final class VersionSamples {
    private VersionSamples() {}

    /** A POJO whose collections Flink recognises by itself since 2.0. */
    public static class Shelf {
        public List<String> titles;
        public Map<String, Integer> counts;
        public Set<Long> numbers;
        public Collection<Double> weights;
        public Point place;
    }

    private static Shelf shelf() {
        Shelf shelf = new Shelf();
        shelf.titles = Arrays.asList("one", "");
        shelf.counts = new HashMap<>();
        shelf.counts.put("one", 1);
        shelf.counts.put("none", null);
        shelf.numbers = new LinkedHashSet<>(Arrays.asList(3L, 2L));
        shelf.weights = Arrays.asList(0.5, -0d);
        shelf.place = new Point(3, 4L, "shelf");
        return shelf;
    }

    public static List<Sample> all() {
        List<Sample> samples = new ArrayList<>();
        samples.add(Sample.of("local-date", Types.LOCAL_DATE, LocalDate.of(1970, 1, 1), LocalDate.MIN, LocalDate.MAX, LocalDate.of(2024, 2, 29)));
        samples.add(Sample.of("local-time", Types.LOCAL_TIME, LocalTime.MIDNIGHT, LocalTime.MAX, LocalTime.of(1, 2, 3, 4), LocalTime.of(12, 34)));
        samples.add(Sample.of("local-date-time", Types.LOCAL_DATE_TIME, LocalDateTime.MIN, LocalDateTime.MAX, LocalDateTime.of(1969, 12, 31, 23, 59, 59)));
        samples.add(Sample.of("instant", Types.INSTANT, Instant.EPOCH, Instant.MIN, Instant.MAX, Instant.ofEpochSecond(-1, 1), Instant.ofEpochMilli(1234567890123L)));
        samples.add(Sample.of("record", TypeInformation.of(Point.class), new Point(1, 2L, "p"), new Point(-1, null, null)));
        samples.add(Sample.of("set", Types.SET(Types.STRING), new HashSet<>(), new HashSet<>(Arrays.asList("b", "", "a"))));
        samples.add(Sample.of("set-of-sets", Types.SET(Types.SET(Types.LONG)), new HashSet<>(Arrays.asList(Set.of(1L, -1L), Set.of()))));
        samples.add(Sample.of("pojo-extracted", TypeInformation.of(Shelf.class), shelf(), new Shelf()));
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
