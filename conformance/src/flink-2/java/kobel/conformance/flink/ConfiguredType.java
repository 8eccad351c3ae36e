package kobel.conformance.flink;

import org.apache.flink.api.common.serialization.SerializerConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;

/** A type that asks nothing of the configuration, whatever its class is in this version of Flink. */
abstract class ConfiguredType<T> extends TypeInformation<T> {
    private static final long serialVersionUID = 1;

    abstract TypeSerializer<T> createSerializer();

    @Override
    public final TypeSerializer<T> createSerializer(SerializerConfig config) {
        return createSerializer();
    }
}
