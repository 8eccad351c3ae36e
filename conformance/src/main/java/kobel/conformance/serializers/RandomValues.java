package kobel.conformance.serializers;

import java.io.IOException;
import java.io.PrintWriter;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import kobel.conformance.flink.Flink;
import kobel.conformance.flink.VersionSamples;
import kobel.conformance.json.Json;
import kobel.conformance.json.Render;
import kobel.conformance.samples.BasicSamples;
import kobel.conformance.samples.CompositeSamples;
import kobel.conformance.samples.PojoSamples;
import kobel.conformance.samples.Sample;
import kobel.conformance.samples.TimeSamples;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.typeinfo.BasicArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.java.tuple.Tuple;
import org.apache.flink.api.java.typeutils.EitherTypeInfo;
import org.apache.flink.api.java.typeutils.EnumTypeInfo;
import org.apache.flink.api.java.typeutils.ListTypeInfo;
import org.apache.flink.api.java.typeutils.MapTypeInfo;
import org.apache.flink.api.java.typeutils.ObjectArrayTypeInfo;
import org.apache.flink.api.java.typeutils.PojoTypeInfo;
import org.apache.flink.api.java.typeutils.RowTypeInfo;
import org.apache.flink.api.java.typeutils.TupleTypeInfo;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.types.Either;

/**
 * Random values of the sample types, written by Flink. A line of the output is
 * {@code {"name", "snapshot": HEX, "random": false where they are the sample's own, "values": [{"rendered", "hex"}, …]}}.
 */
public final class RandomValues {
    private final Random random;

    private RandomValues(long seed) {
        random = new Random(seed);
    }

    public static void run(Path output, int count, long seed) throws IOException {
        List<Sample> samples = new ArrayList<>();
        samples.addAll(BasicSamples.all());
        samples.addAll(TimeSamples.all());
        samples.addAll(CompositeSamples.all());
        samples.addAll(PojoSamples.all());
        samples.addAll(VersionSamples.all());
        RandomValues values = new RandomValues(seed);
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(output))) {
            for (Sample sample : samples) {
                out.println(Json.text(values.line(sample, count)));
            }
        }
    }

    @SuppressWarnings("unchecked")
    private Map<String, Object> line(Sample sample, int count) throws IOException {
        TypeSerializer<Object> serializer = (TypeSerializer<Object>) Flink.serializer(sample.type(), new ExecutionConfig());
        DataOutputSerializer snapshot = new DataOutputSerializer(256);
        snapshot.writeInt(2);
        TypeSerializerSnapshot.writeVersionedSnapshot(snapshot, serializer.snapshotConfiguration());
        boolean isRandom = true;
        List<Object> made = new ArrayList<>();
        for (int i = 0; i < count && isRandom; i++) {
            try {
                made.add(of(sample.type()));
            } catch (UnsupportedOperationException | ReflectiveOperationException e) {
                isRandom = false;
                made = sample.values();
            }
        }
        List<Object> values = new ArrayList<>();
        for (Object value : made) {
            values.add(Json.object("rendered", Render.json(value), "hex", Reserialize.hex(serializer, value)));
        }
        String hex = HexFormat.of().formatHex(snapshot.getCopyOfBuffer());
        return Json.object("name", sample.name(), "snapshot", hex, "random", isRandom, "values", values);
    }

    private Object of(TypeInformation<?> type) throws ReflectiveOperationException {
        if (type instanceof TupleTypeInfo) {
            TupleTypeInfo<?> tuple = (TupleTypeInfo<?>) type;
            Tuple made = Tuple.newInstance(tuple.getArity());
            for (int i = 0; i < tuple.getArity(); i++) {
                made.setField(of(tuple.getTypeAt(i)), i);
            }
            return made;
        } else if (type instanceof RowTypeInfo) {
            RowTypeInfo row = (RowTypeInfo) type;
            Object[] fields = new Object[row.getArity()];
            for (int i = 0; i < fields.length; i++) {
                fields[i] = orNull(row.getTypeAt(i));
            }
            return Flink.row(pick("+I", "-U", "+U", "-D"), fields);
        } else if (type instanceof PojoTypeInfo) {
            return pojo((PojoTypeInfo<?>) type);
        } else if (type instanceof ListTypeInfo) {
            return list(((ListTypeInfo<?>) type).getElementTypeInfo());
        } else if (type instanceof MapTypeInfo) {
            Map<Object, Object> map = new HashMap<>();
            for (int left = random.nextInt(5); left > 0; left--) {
                map.put(of(((MapTypeInfo<?, ?>) type).getKeyTypeInfo()), orNull(((MapTypeInfo<?, ?>) type).getValueTypeInfo()));
            }
            return map;
        } else if (type instanceof EitherTypeInfo) {
            EitherTypeInfo<?, ?> either = (EitherTypeInfo<?, ?>) type;
            return random.nextBoolean() ? Either.Left(of(either.getLeftType())) : Either.Right(of(either.getRightType()));
        } else if (type instanceof EnumTypeInfo) {
            return pick(type.getTypeClass().getEnumConstants());
        } else if (type instanceof PrimitiveArrayTypeInfo) {
            return array(((PrimitiveArrayTypeInfo<?>) type).getComponentClass(), ((PrimitiveArrayTypeInfo<?>) type).getComponentType(), false);
        } else if (type instanceof BasicArrayTypeInfo) {
            return array(((BasicArrayTypeInfo<?, ?>) type).getComponentTypeClass(), ((BasicArrayTypeInfo<?, ?>) type).getComponentInfo(), true);
        } else if (type instanceof ObjectArrayTypeInfo) {
            TypeInformation<?> component = ((ObjectArrayTypeInfo<?, ?>) type).getComponentInfo();
            return array(component.getTypeClass(), component, true);
        }
        return RandomScalars.of(random, type.getTypeClass());
    }

    private Object orNull(TypeInformation<?> type) throws ReflectiveOperationException {
        return random.nextInt(6) == 0 ? null : of(type);
    }

    private List<Object> list(TypeInformation<?> element) throws ReflectiveOperationException {
        List<Object> list = new ArrayList<>();
        for (int left = random.nextInt(5); left > 0; left--) {
            list.add(of(element));
        }
        return list;
    }

    private Object array(Class<?> component, TypeInformation<?> type, boolean nullable) throws ReflectiveOperationException {
        Object array = Array.newInstance(component, random.nextInt(6));
        for (int i = 0; i < Array.getLength(array); i++) {
            Array.set(array, i, nullable ? orNull(type) : of(type));
        }
        return array;
    }

    private Object pojo(PojoTypeInfo<?> type) throws ReflectiveOperationException {
        Class<?> pojo = type.getTypeClass();
        if (Modifier.isAbstract(pojo.getModifiers())) {
            throw new UnsupportedOperationException("an abstract class");
        }
        Map<String, Object> fields = new HashMap<>();
        for (int i = 0; i < type.getArity(); i++) {
            Field field = type.getPojoFieldAt(i).getField();
            TypeInformation<?> fieldType = type.getPojoFieldAt(i).getTypeInformation();
            fields.put(field.getName(), field.getType().isPrimitive() ? of(fieldType) : orNull(fieldType));
        }
        if (pojo.isRecord()) {
            RecordComponent[] components = pojo.getRecordComponents();
            Class<?>[] types = Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
            Constructor<?> constructor = pojo.getDeclaredConstructor(types);
            return constructor.newInstance(Arrays.stream(components).map(each -> fields.get(each.getName())).toArray());
        }
        Object made = pojo.getDeclaredConstructor().newInstance();
        for (int i = 0; i < type.getArity(); i++) {
            Field field = type.getPojoFieldAt(i).getField();
            field.setAccessible(true);
            field.set(made, fields.get(field.getName()));
        }
        return made;
    }

    @SafeVarargs
    private <T> T pick(T... of) {
        return of[random.nextInt(of.length)];
    }
}
