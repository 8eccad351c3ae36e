package kobel.conformance.described;

import java.math.BigDecimal;
import java.util.Collections;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.binary.BinaryRowData;
import org.apache.flink.table.data.writer.BinaryRowWriter;
import org.apache.flink.table.runtime.typeutils.InternalSerializers;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.TimestampKind;
import org.apache.flink.table.types.logical.TimestampType;
import org.apache.flink.table.types.logical.utils.LogicalTypeParser;
import org.apache.flink.types.RowKind;

/** Types of SQL, in the words of Flink's own parser. */
final class SqlCases {
    private SqlCases() {}

    static void add(Cases cases) {
        sql(cases, "sql, basic", "ROW<a INT, b STRING NOT NULL, c BIGINT NOT NULL, d BOOLEAN, e TINYINT, f SMALLINT, g FLOAT, h DOUBLE>",
                "{'kind':'+I','fields':[1,'a longer text',-5,true,1,2,0.5,null]}",
                GenericRowData.of(1, StringData.fromString("a longer text"), -5L, true, (byte) 1, (short) 2, 0.5f, null),
                "{'kind':'-D','fields':[null,'',0,null,null,null,null,0.25]}",
                GenericRowData.ofKind(RowKind.DELETE, null, StringData.fromString(""), 0L, null, null, null, null, 0.25));
        sql(cases, "sql, with lengths", "ROW<a CHAR(3), b VARCHAR(20), c BINARY(4), d VARBINARY(5) NOT NULL, e BYTES, f DECIMAL(10, 2), g DECIMAL(38, 18) NOT NULL>",
                "{'kind':'+I','fields':['ab ','x','AQIDBA==',null,null,'1.50','-2.000000000000000000']}",
                GenericRowData.of(StringData.fromString("ab "), StringData.fromString("x"), new byte[] {1, 2, 3, 4}, null, null, decimal("1.50", 10, 2), decimal("-2", 38, 18)));
        sql(cases, "sql, time", "ROW<a DATE, b TIME, c TIME(3), d TIMESTAMP, e TIMESTAMP(3) NOT NULL, f TIMESTAMP_LTZ(3), g TIMESTAMP(9) WITH LOCAL TIME ZONE>",
                "{'kind':'+I','fields':['1970-01-02','00:00:01','00:00:01.500','1970-01-01T00:00:01.000002','1970-01-01T00:00:01.500','1970-01-01T00:00:02Z',null]}",
                GenericRowData.of(1, 1000, 1500, TimestampData.fromEpochMillis(1000, 2000), TimestampData.fromEpochMillis(1500), TimestampData.fromEpochMillis(2000), null));
        sql(cases, "sql, intervals", "ROW<a INTERVAL YEAR, b INTERVAL DAY(3) TO SECOND(3), c INTERVAL MONTH NOT NULL, d INTERVAL HOUR TO MINUTE>");
        sql(cases, "sql, row in row", "ROW<a ROW<x INT, y STRING NOT NULL>, b ROW<z ROW<w BIGINT> NOT NULL>>",
                "{'kind':'+I','fields':[{'kind':'+I','fields':[1,'y']},{'kind':'+I','fields':[{'kind':'+I','fields':[null]}]}]}",
                GenericRowData.of(GenericRowData.of(1, StringData.fromString("y")), GenericRowData.of(GenericRowData.of((Object) null))));
        sql(cases, "sql, arrays", "ROW<a ARRAY<INT>, b ARRAY<STRING NOT NULL>, c ARRAY<DECIMAL(10, 2)>, d ARRAY<TIMESTAMP(3)>, e ARRAY<ARRAY<INT>>>",
                "{'kind':'+I','fields':[[1,null],['x'],['1.50'],[null],[[1],[]]]}",
                GenericRowData.of(new GenericArrayData(new Integer[] {1, null}), new GenericArrayData(new Object[] {StringData.fromString("x")}), new GenericArrayData(new Object[] {decimal("1.50", 10, 2)}),
                        new GenericArrayData(new Object[] {null}), new GenericArrayData(new Object[] {new GenericArrayData(new int[] {1}), new GenericArrayData(new int[0])})));
        sql(cases, "sql, maps", "ROW<a MAP<STRING, INT>, b MULTISET<STRING>, c MAP<INT, ARRAY<BIGINT>>>",
                "{'kind':'+I','fields':[[['k',null]],[['m',2]],null]}",
                GenericRowData.of(map(StringData.fromString("k"), null), map(StringData.fromString("m"), 2), null));
        sql(cases, "sql, array of rows of every type", "ROW<a ARRAY<ROW<a CHAR(3), b STRING, c BOOLEAN, d BYTES, e DECIMAL(10, 2), f TINYINT, g SMALLINT, h INT, i DATE, j TIME, k BIGINT, l FLOAT, m DOUBLE, n TIMESTAMP(3), o TIMESTAMP_LTZ(3), p ARRAY<INT>, q MULTISET<INT>, r MAP<INT, INT>, s ROW<x INT>, t INTERVAL YEAR, u INTERVAL DAY>>, b ARRAY<ROW<a1 CHAR(3) NOT NULL, b1 STRING NOT NULL, c1 BOOLEAN NOT NULL, d1 BYTES NOT NULL, e1 DECIMAL(10,2) NOT NULL, f1 TINYINT NOT NULL, g1 SMALLINT NOT NULL, h1 INT NOT NULL, i1 DATE NOT NULL, j1 TIME NOT NULL, k1 BIGINT NOT NULL, l1 FLOAT NOT NULL, m1 DOUBLE NOT NULL, n1 TIMESTAMP(3) NOT NULL, o1 TIMESTAMP_LTZ(3) NOT NULL, p1 ARRAY<INT> NOT NULL, q1 MULTISET<INT> NOT NULL, r1 MAP<INT, INT> NOT NULL, s1 ROW<x INT> NOT NULL, t1 INTERVAL YEAR NOT NULL, u1 INTERVAL DAY NOT NULL>>>");
        sql(cases, "sql, arrays of every type", "ROW<a ARRAY<CHAR(3)>, b ARRAY<STRING>, c ARRAY<BOOLEAN>, d ARRAY<BYTES>, e ARRAY<DECIMAL(10,2)>, f ARRAY<TINYINT>, g ARRAY<SMALLINT>, h ARRAY<INT>, i ARRAY<DATE>, j ARRAY<TIME>, k ARRAY<BIGINT>, l ARRAY<FLOAT>, m ARRAY<DOUBLE>, n ARRAY<TIMESTAMP(3)>, o ARRAY<TIMESTAMP_LTZ(3)>, p ARRAY<ARRAY<INT>>, q ARRAY<MULTISET<INT>>, r ARRAY<MAP<INT, INT>>, s ARRAY<ROW<x INT>>, t ARRAY<INTERVAL YEAR>, u ARRAY<INTERVAL DAY>>");
        sql(cases, "sql, arrays of arrays", "ROW<a ARRAY<ARRAY<CHAR(3)>>, b ARRAY<ARRAY<STRING>>, c ARRAY<ARRAY<BOOLEAN>>, d ARRAY<ARRAY<BYTES>>, e ARRAY<ARRAY<DECIMAL(10,2)>>, f ARRAY<ARRAY<TINYINT>>, g ARRAY<ARRAY<SMALLINT>>, h ARRAY<ARRAY<INT>>, i ARRAY<ARRAY<DATE>>, j ARRAY<ARRAY<TIME>>, k ARRAY<ARRAY<BIGINT>>, l ARRAY<ARRAY<FLOAT>>, m ARRAY<ARRAY<DOUBLE>>, n ARRAY<ARRAY<TIMESTAMP(3)>>, o ARRAY<ARRAY<TIMESTAMP_LTZ(3)>>, p ARRAY<ARRAY<ARRAY<INT>>>, q ARRAY<ARRAY<MULTISET<INT>>>, r ARRAY<ARRAY<MAP<INT, INT>>>, s ARRAY<ARRAY<ROW<x INT>>>, t ARRAY<ARRAY<INTERVAL YEAR>>, u ARRAY<ARRAY<INTERVAL DAY>>>");
        sql(cases, "sql, array of rows", "ROW<a ARRAY<ROW<x INT, y STRING>>>",
                "{'kind':'+I','fields':[[{'kind':'+I','fields':[1,'y']},null]]}",
                GenericRowData.of(new GenericArrayData(new Object[] {GenericRowData.of(1, StringData.fromString("y")), null})));
        sql(cases, "sql, names and marks", "ROW<a ROW<`a b` INT 'a comment', `c``d` STRING>, b INT>");
        time(cases);
        sql(cases, "sql, a text", "STRING", "'x'", StringData.fromString("x"));
        sql(cases, "sql, a number", "BIGINT NOT NULL", "7", 7L);
        sql(cases, "sql, a decimal", "DECIMAL(20, 3)", "'1.500'", decimal("1.500", 20, 3));
        sql(cases, "sql, an array", "ARRAY<INT>", "[1]", new GenericArrayData(new int[] {1}));
        key(cases);
        if (Versions.isSince(2, 1)) {
            sql(cases, "sql, variant", "ROW<a VARIANT, b ARRAY<VARIANT>, c ARRAY<ROW<x VARIANT>>>");
        }
        if (Versions.isSince(2, 3)) {
            sql(cases, "sql, bitmap", "ROW<a BITMAP, b ARRAY<BITMAP>, c ARRAY<ROW<x BITMAP>>>");
            cases.add("sql global window", "'sqlGlobalWindow'", SqlCases.globalWindow());
        }
        cases.add("sql time window", "'sqlTimeWindow'", new org.apache.flink.table.runtime.operators.window.TimeWindow.Serializer(),
                "{'start':0,'end':5}", new org.apache.flink.table.runtime.operators.window.TimeWindow(0, 5));
        cases.add("sql count window", "'sqlCountWindow'", new org.apache.flink.table.runtime.operators.window.CountWindow.Serializer(),
                "{'id':3}", new org.apache.flink.table.runtime.operators.window.CountWindow(3));
    }

    private static void sql(Cases cases, String name, String type, Object... values) {
        LogicalType logical = LogicalTypeParser.parse(type, SqlCases.class.getClassLoader());
        // Quotes in the text stay what they are.
        String text = type.replace("'", "\\u0027");
        cases.add(name, "{'sql':'" + text + "'}", InternalSerializers.create(logical), values);
    }

    /** Time attributes are marked. */
    private static void time(Cases cases) {
        LogicalType rowtime = new TimestampType(false, TimestampKind.ROWTIME, 3);
        LogicalType proctime = new LocalZonedTimestampType(true, TimestampKind.PROCTIME, 3);
        cases.add("sql, time attributes", "{'sql':'ROW<a TIMESTAMP(3) NOT NULL *ROWTIME*, b TIMESTAMP_LTZ(3) *PROCTIME*>'}",
                InternalSerializers.<RowData>create(RowType.of(rowtime, proctime)));
    }

    /** Rows of keys come from generated projections, which keep the part of a null DECIMAL or TIMESTAMP. */
    private static void key(Cases cases) {
        BinaryRowData row = new BinaryRowData(3);
        BinaryRowWriter writer = new BinaryRowWriter(row);
        writer.writeDecimal(0, null, 38);
        writer.writeTimestamp(1, null, 9);
        writer.setNullAt(2);
        writer.complete();
        sql(cases, "sql, a key", "ROW<a DECIMAL(38, 18), b TIMESTAMP(9), c INT>", "{'kind':'+I','fields':[null,null,null]}", row);
    }

    private static DecimalData decimal(String text, int precision, int scale) {
        return DecimalData.fromBigDecimal(new BigDecimal(text), precision, scale);
    }

    private static GenericMapData map(Object key, Object value) {
        return new GenericMapData(Collections.singletonMap(key, value));
    }

    /** A class that is there since 2.3. */
    private static org.apache.flink.api.common.typeutils.TypeSerializer<?> globalWindow() {
        try {
            return (org.apache.flink.api.common.typeutils.TypeSerializer<?>) Class.forName("org.apache.flink.table.runtime.operators.window.GlobalWindow$Serializer")
                    .getConstructor()
                    .newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
