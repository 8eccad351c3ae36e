package kobel.conformance.described;

import org.apache.flink.api.common.typeinfo.TypeInformation;

/** Flink's type of sets, which is there since 2.0. */
final class Sets {
    private Sets() {}

    static TypeInformation<?> of(TypeInformation<?> element) {
        try {
            return (TypeInformation<?>) Class.forName("org.apache.flink.api.java.typeutils.SetTypeInfo")
                    .getConstructor(TypeInformation.class)
                    .newInstance(element);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
