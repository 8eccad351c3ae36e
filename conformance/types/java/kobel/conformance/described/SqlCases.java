package kobel.conformance.described;

import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalSerializers;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.utils.LogicalTypeParser;

/** Types of SQL, in the words of Flink's own parser. */
final class SqlCases {
    private SqlCases() {}

    static void add(Cases cases) {
        sql(cases, "sql, basic", "ROW<a INT, b STRING NOT NULL, c BIGINT NOT NULL, d BOOLEAN, e TINYINT, f SMALLINT, g FLOAT, h DOUBLE>");
        sql(cases, "sql, with lengths", "ROW<a CHAR(3), b VARCHAR(20), c BINARY(4), d VARBINARY(5) NOT NULL, e BYTES, f DECIMAL(10, 2), g DECIMAL(38, 18) NOT NULL>");
        sql(cases, "sql, time", "ROW<a DATE, b TIME, c TIME(3), d TIMESTAMP, e TIMESTAMP(3) NOT NULL, f TIMESTAMP_LTZ(3), g TIMESTAMP(9) WITH LOCAL TIME ZONE>");
        sql(cases, "sql, intervals", "ROW<a INTERVAL YEAR, b INTERVAL DAY(3) TO SECOND(3), c INTERVAL MONTH NOT NULL, d INTERVAL HOUR TO MINUTE>");
        sql(cases, "sql, row in row", "ROW<a ROW<x INT, y STRING NOT NULL>, b ROW<z ROW<w BIGINT> NOT NULL>>");
        sql(cases, "sql, arrays", "ROW<a ARRAY<INT>, b ARRAY<STRING NOT NULL>, c ARRAY<DECIMAL(10, 2)>, d ARRAY<TIMESTAMP(3)>, e ARRAY<ARRAY<INT>>>");
        sql(cases, "sql, maps", "ROW<a MAP<STRING, INT>, b MULTISET<STRING>, c MAP<INT, ARRAY<BIGINT>>>");
        sql(cases, "sql, array of rows", "ROW<a ARRAY<ROW<x INT, y STRING>>>");
    }

    private static void sql(Cases cases, String name, String type, Object... values) {
        LogicalType logical = LogicalTypeParser.parse(type, SqlCases.class.getClassLoader());
        cases.add(name, "{'sql':'" + type + "'}", InternalSerializers.<RowData>create(logical), values);
    }
}
