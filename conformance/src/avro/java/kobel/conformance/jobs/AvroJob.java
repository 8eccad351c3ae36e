package kobel.conformance.jobs;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import kobel.conformance.json.Json;
import kobel.conformance.json.Render;
import kobel.conformance.model.JobModel;
import kobel.conformance.model.KeyedModel;
import kobel.conformance.model.StateModel;
import kobel.conformance.model.Write;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.formats.avro.typeutils.GenericRecordAvroTypeInfo;

/** Generic Avro records with most Avro types, between states of known types. */
public final class AvroJob {
    private static final Schema SCHEMA = new Schema.Parser().parse("{'type':'record','name':'Reading','namespace':'kobel.avro','fields':["
            .concat("{'name':'id','type':'long'},{'name':'sensor','type':['null','string']},{'name':'ratio','type':'double'},{'name':'small','type':'float'},")
            .concat("{'name':'count','type':'int'},{'name':'ok','type':'boolean'},{'name':'raw','type':'bytes'},")
            .concat("{'name':'level','type':{'type':'enum','name':'Level','symbols':['LOW','HIGH']}},")
            .concat("{'name':'tags','type':{'type':'array','items':'string'}},{'name':'weights','type':{'type':'map','values':'int'}}]}")
            .replace('\'', '"'));

    private AvroJob() {}

    public static JobModel model() {
        Render.register(GenericData.Record.class, AvroJob::rendered);
        List<String> keys = Arrays.asList("a", "b", "c");
        TypeInformation<GenericRecord> type = new GenericRecordAvroTypeInfo(SCHEMA);
        KeyedModel operator = new KeyedModel("avro", Types.STRING, keys).parallel(2, 128);
        StateModel before = StateModel.value("before", Types.LONG);
        StateModel value = StateModel.value("reading", type);
        StateModel list = StateModel.list("readings", type);
        StateModel after = StateModel.value("after", Types.STRING);
        for (int key = 0; key < keys.size(); key++) {
            before.write(0, key, Write.set(key * 7L));
            value.write(0, key, Write.set(reading(key)));
            list.write(0, key, Write.addAll(reading(10 + key), reading(20 + key)));
            after.write(0, key, Write.set("after " + key));
        }
        return new JobModel("avro").add(operator.state(before).state(value).state(list).state(after));
    }

    private static GenericRecord reading(int i) {
        GenericRecord reading = new GenericData.Record(SCHEMA);
        reading.put("id", i * 5_000_000_000L);
        reading.put("sensor", i % 2 == 0 ? null : "sensor " + i);
        reading.put("ratio", -i / 3.0);
        reading.put("small", i / 8f);
        reading.put("count", -i);
        reading.put("ok", i % 3 == 0);
        reading.put("raw", ByteBuffer.wrap(new byte[] {0, (byte) i, -1}));
        reading.put("level", new GenericData.EnumSymbol(SCHEMA.getField("level").schema(), i % 2 == 0 ? "LOW" : "HIGH"));
        reading.put("tags", i % 2 == 0 ? List.of() : List.of("", "tag é"));
        reading.put("weights", i % 2 == 0 ? Map.of("w", i) : Map.of());
        return reading;
    }

    private static Object rendered(Object record) {
        Map<String, Object> fields = new LinkedHashMap<>();
        Schema schema = ((GenericRecord) record).getSchema();
        for (Schema.Field field : schema.getFields()) {
            Object value = ((GenericRecord) record).get(field.pos());
            Object shown = value instanceof ByteBuffer ? Base64.getEncoder().encodeToString(((ByteBuffer) value).array())
                    : value instanceof GenericData.EnumSymbol ? value.toString() : Render.json(value);
            fields.put(field.name(), shown);
        }
        return Json.object("class", schema.getFullName(), "fields", fields);
    }
}
