package kobel.conformance.types;

import java.util.ArrayList;
import java.util.List;

/** Classes that are no POJOs, so that Flink leaves them to Kryo. */
public final class KryoThings {
    private KryoThings() {}

    /** No default constructor, final fields. */
    public static final class Ticket {
        public final int number;
        public final String text;
        private final long created;
        private final List<String> notes;
        public final Weekday day;

        public Ticket(int number, String text, long created, Weekday day, List<String> notes) {
            this.number = number;
            this.text = text;
            this.created = created;
            this.day = day;
            this.notes = new ArrayList<>(notes);
        }

        public long created() {
            return created;
        }
    }
}
