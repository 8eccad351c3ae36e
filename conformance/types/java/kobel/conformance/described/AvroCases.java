package kobel.conformance.described;

import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.formats.avro.typeutils.GenericRecordAvroTypeInfo;

/** Avro records: generic ones, and those of a class that Avro's compiler made. */
final class AvroCases {
    private AvroCases() {}

    private static final String GENERIC = "{\"type\":\"record\",\"name\":\"U\",\"namespace\":\"n\",\"fields\":[{\"name\":\"id\",\"type\":\"long\"},"
            + "{\"name\":\"s\",\"type\":[\"null\",\"string\"]},{\"name\":\"l\",\"type\":{\"type\":\"array\",\"items\":\"int\"}}]}";

    static void add(Cases cases) {
        GenericRecord record = new GenericData.Record(new Schema.Parser().parse(GENERIC));
        record.put("id", 300L);
        record.put("s", "hi");
        record.put("l", java.util.Arrays.asList(1, 2));
        cases.add("avro, generic", "{'avro':" + GENERIC.replace('"', '\'') + "}", new GenericRecordAvroTypeInfo(record.getSchema()),
                "{'class':'n.U','fields':{'id':300,'s':'hi','l':[1,2]}}", record);
        // Members in another order than Avro prints them, names with and without their namespaces.
        String every = "{\"name\":\"com.acme.Order\",\"type\":\"record\",\"doc\":\"An order.\",\"owner\":\"sales\",\"aliases\":[\"com.acme.Purchase\"],\"fields\":["
                + "{\"type\":{\"size\":4,\"type\":\"fixed\",\"name\":\"Id\"},\"name\":\"id\",\"doc\":\"the id\"},"
                + "{\"name\":\"next\",\"default\":null,\"type\":[\"null\",\"com.acme.Order\"]},"
                + "{\"name\":\"other\",\"type\":\"Id\",\"order\":\"ignore\"},"
                + "{\"name\":\"kind\",\"type\":{\"type\":\"enum\",\"name\":\"org.other.Kind\",\"symbols\":[\"A\",\"B\"],\"default\":\"A\"}},"
                + "{\"name\":\"at\",\"type\":{\"logicalType\":\"timestamp-millis\",\"type\":\"long\"},\"order\":\"ascending\"},"
                + "{\"name\":\"counts\",\"type\":{\"values\":{\"type\":\"int\"},\"type\":\"map\"}},"
                + "{\"name\":\"lines\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"Line\",\"namespace\":\"org.other\",\"fields\":[{\"name\":\"kind\",\"type\":\"Kind\"},{\"name\":\"of\",\"type\":\"com.acme.Id\"}]}}}]}";
        cases.add("avro, every kind of schema", "{'avro':" + every.replace('"', '\'') + "}", new GenericRecordAvroTypeInfo(new Schema.Parser().parse(every)));
        cases.add("avro, specific", "{'avro':" + AvroPayment.JSON.replace('"', '\'') + ",'class':'" + AvroPayment.class.getName() + "'}",
                new AvroTypeInfo<>(AvroPayment.class),
                "{'class':'kobel.conformance.described.AvroPayment','fields':{'id':1,'note':null}}", new AvroPayment(1, null),
                "{'class':'kobel.conformance.described.AvroPayment','fields':{'id':2,'note':'n'}}", new AvroPayment(2, "n"));
    }
}
