package kobel.conformance.described;

import java.lang.reflect.Type;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.apache.flink.api.common.typeinfo.TypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInfoFactory;
import org.apache.flink.api.common.typeinfo.TypeInformation;
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

    /** Fields that Flink has a serializer for, but does not find it by the class; one where an annotation tells. */
    public static class Dated extends Classes.Fields {
        public LocalDate day;
        public List<List<String>> lists;
        public List<Long> numbers;

        @TypeInfo(Longs.class)
        public List<Long> annotated;

        @Override
        Object[] values() {
            return new Object[] {day, lists, numbers, annotated};
        }
    }

    public static class Longs extends TypeInfoFactory<List<Long>> {
        @Override
        public TypeInformation<List<Long>> createTypeInfo(Type type, Map<String, TypeInformation<?>> parameters) {
            return Types.LIST(Types.LONG);
        }
    }

    static void add(Cases cases) {
        String numbers = Versions.isSince(2, 0) ? "{'list':'long'}" : "{'kryo':'java.util.List'}";
        cases.add("kryo, fields of a pojo", "{'pojo':'" + Dated.class.getName() + "','fields':{'day':{'kryo':'java.time.LocalDate'},'lists':{'kryo':'java.util.List'},'numbers':"
                + numbers + ",'annotated':{'annotated':{'list':'long'}}}}", TypeInformation.of(Dated.class));
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
