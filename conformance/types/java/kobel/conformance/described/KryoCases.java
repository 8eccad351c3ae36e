package kobel.conformance.described;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Objects;
import java.util.UUID;
import org.apache.flink.api.common.typeinfo.Types;

/** Classes that Flink leaves to Kryo. */
final class KryoCases {
    private KryoCases() {}

    /** No POJO: it has no constructor without parameters. */
    public static final class Ticket {
        final int number;
        final String note;

        Ticket(int number, String note) {
            this.number = number;
            this.note = note;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Ticket && number == ((Ticket) other).number && Objects.equals(note, ((Ticket) other).note);
        }

        @Override
        public int hashCode() {
            return number;
        }
    }

    static void add(Cases cases) {
        cases.add("kryo, a class of the JDK", "{'kryo':'java.util.UUID'}", Types.GENERIC(UUID.class),
                "'00000000-0000-0001-0000-000000000002'", new UUID(1, 2));
        cases.add("kryo, a collection", "{'kryo':'java.util.ArrayList'}", Types.GENERIC(ArrayList.class),
                "['a',1]", new ArrayList<>(Arrays.asList("a", 1)));
        cases.add("kryo, a class of the job's own", "{'kryo':'" + Ticket.class.getName() + "'}", Types.GENERIC(Ticket.class),
                "{'class':'" + Ticket.class.getName() + "','fields':{'note':'n','number':7}}", new Ticket(7, "n"));
        cases.add("kryo, with registered classes", "{'kryo':'java.lang.Object','registered':['" + Ticket.class.getName() + "','java.util.UUID']}",
                Versions.serializer(Types.GENERIC(Object.class), Versions.kryoConfig(Ticket.class, UUID.class)),
                "'text'", "text");
    }
}
