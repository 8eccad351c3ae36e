package kobel.conformance.described;

import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecordBase;

/** What Avro's compiler makes of a record, as far as Flink needs it. */
public class AvroPayment extends SpecificRecordBase {
    private static final long serialVersionUID = 1;
    public static final String JSON = "{\"type\":\"record\",\"name\":\"AvroPayment\",\"namespace\":\"kobel.conformance.described\","
            + "\"fields\":[{\"name\":\"id\",\"type\":\"long\"},"
            + "{\"name\":\"note\",\"type\":[\"null\",{\"type\":\"string\",\"avro.java.string\":\"String\"}],\"default\":null}]}";
    public static final Schema SCHEMA$ = new Schema.Parser().parse(JSON);
    private long id;
    private String note;

    public AvroPayment() {}

    public AvroPayment(long id, String note) {
        this.id = id;
        this.note = note;
    }

    public long getId() {
        return id;
    }

    public void setId(long value) {
        id = value;
    }

    public String getNote() {
        return note;
    }

    public void setNote(String value) {
        note = value;
    }

    @Override
    public Schema getSchema() {
        return SCHEMA$;
    }

    @Override
    public Object get(int field) {
        return field == 0 ? (Object) id : note;
    }

    @Override
    public void put(int field, Object value) {
        if (field == 0) {
            id = (Long) value;
        } else {
            note = value == null ? null : value.toString();
        }
    }
}
