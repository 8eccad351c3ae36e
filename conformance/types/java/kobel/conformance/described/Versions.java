package kobel.conformance.described;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;

/** What differs between Flink 1.16 and 2.3, by reflection: one source for all versions. */
final class Versions {
    private Versions() {}

    /** `2.3` and the like. */
    static boolean isSince(int major, int minor) {
        String[] version = System.getProperty("flink.version").split("\\.");
        int has = Integer.parseInt(version[0]) * 100 + Integer.parseInt(version[1]);
        return has >= major * 100 + minor;
    }

    /** A configuration that knows registered POJOs: ExecutionConfig, since 2.0 SerializerConfig. */
    static Object config(Class<?>... registered) {
        return config("registerPojoType", registered);
    }

    static Object kryoConfig(Class<?>... registered) {
        return config("registerKryoType", registered);
    }

    private static Object config(String register, Class<?>... registered) {
        ExecutionConfig config = new ExecutionConfig();
        try {
            Object target = isSince(2, 0) ? ExecutionConfig.class.getMethod("getSerializerConfig").invoke(config) : config;
            for (Class<?> each : registered) {
                find(target.getClass(), register, 1).invoke(target, each);
            }
            return target;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    @SuppressWarnings("unchecked")
    static <T> TypeSerializer<T> serializer(TypeInformation<T> type, Object config) {
        try {
            for (Method method : TypeInformation.class.getMethods()) {
                if (method.getName().equals("createSerializer") && method.getParameterTypes()[0].isInstance(config)) {
                    return (TypeSerializer<T>) method.invoke(type, config);
                }
            }
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
        throw new IllegalStateException("no createSerializer takes " + config.getClass());
    }

    /** Since 1.19 the new snapshot looks at the old one, before it was the old one that looked at the new serializer. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    static TypeSerializerSchemaCompatibility<?> compatibility(TypeSerializer<?> job, TypeSerializerSnapshot<?> restored) {
        try {
            TypeSerializerSnapshot fresh = job.duplicate().snapshotConfiguration();
            if (isSince(1, 19)) {
                return (TypeSerializerSchemaCompatibility<?>) TypeSerializerSnapshot.class
                        .getMethod("resolveSchemaCompatibility", TypeSerializerSnapshot.class)
                        .invoke(fresh, restored);
            }
            return (TypeSerializerSchemaCompatibility<?>) TypeSerializerSnapshot.class
                    .getMethod("resolveSchemaCompatibility", TypeSerializer.class)
                    .invoke(restored, job);
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Method find(Class<?> type, String name, int parameters) {
        for (Method method : type.getMethods()) {
            if (method.getName().equals(name) && method.getParameterCount() == parameters) {
                method.setAccessible(true);
                return method;
            }
        }
        throw new IllegalStateException(type + " has no " + name);
    }
}
