package kobel.conformance.samples;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import kobel.conformance.types.Pojos.Address;
import kobel.conformance.types.Pojos.Basics;
import kobel.conformance.types.Pojos.Circle;
import kobel.conformance.types.Pojos.Household;
import kobel.conformance.types.Pojos.Person;
import kobel.conformance.types.Pojos.Ring;
import kobel.conformance.types.Pojos.Shape;
import kobel.conformance.types.Pojos.Square;
import kobel.conformance.types.Weekday;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;

/** POJOs: fields of all sorts, nulls, inheritance, registered and unregistered subclasses, nesting. */
public final class PojoSamples {
    private PojoSamples() {}

    public static List<Sample> all() {
        return List.of(
                Sample.of("pojo-basics", Types.POJO(Basics.class), full(), new Basics()),
                Sample.of("pojo-nested", Types.POJO(Person.class), new Person("Ada", 36, new Address("St James", 12)), new Person(null, null, null),
                        new Person("", -1, new Address(null, 0))),
                Sample.of("pojo-inherited", Types.POJO(Ring.class), new Ring(1, "ring", 2.5, 1.5), new Ring(2, null, 0, null)),
                Sample.of("pojo-subclasses", Types.POJO(Shape.class), new Shape(1, "plain"), new Circle(2, "registered", 0.5),
                        new Ring(3, "registered too", 2, null), new Square(4, "not registered", 44L), new Shape(5, null)),
                Sample.of("pojo-collections", household(), family(), new Household()),
                Sample.of("pojo-list", Types.LIST(Types.POJO(Address.class)), Arrays.asList(new Address("a", 1), new Address(null, 2)), new ArrayList<>()),
                Sample.of("pojo-map", Types.MAP(Types.STRING, Types.POJO(Shape.class)),
                        CompositeSamples.map("c", new Circle(1, "in map", 1), "s", new Shape(2, "s"), "null", null)),
                Sample.of("pojo-array", Types.OBJECT_ARRAY(Types.POJO(Address.class)), (Object) new Address[] {new Address("x", 1), null}));
    }

    /** The field types are given, since what Flink makes of List and Map fields by itself depends on the version. */
    static TypeInformation<Household> household() {
        Map<String, TypeInformation<?>> fields = new HashMap<>();
        fields.put("homes", Types.LIST(Types.POJO(Address.class)));
        fields.put("members", Types.MAP(Types.STRING, Types.POJO(Person.class)));
        fields.put("head", Types.POJO(Person.class));
        return Types.POJO(Household.class, fields);
    }

    static Household family() {
        Household family = new Household();
        family.homes = Arrays.asList(new Address("Hill", 1), new Address(null, 0));
        family.head = new Person("Head", 50, null);
        family.members = CompositeSamples.map("child", new Person("Child", 5, new Address("Hill", 1)), "nobody", null);
        return family;
    }

    private static Basics full() {
        Basics all = new Basics();
        all.flag = true;
        all.small = -8;
        all.medium = 1600;
        all.number = -320_000;
        all.big = Long.MAX_VALUE;
        all.ratio = 0.25f;
        all.exact = -1e300;
        all.letter = 'ж';
        all.boxedFlag = false;
        all.boxedNumber = 42;
        all.boxedBig = -43L;
        all.boxedExact = Double.NaN;
        all.boxedLetter = 'z';
        all.text = BasicSamples.ODD_TEXT;
        all.amount = new BigDecimal("-99.990");
        all.day = Weekday.FRIDAY;
        all.numbers = new int[] {1, -1};
        all.words = new String[] {"w", null};
        return all;
    }
}
