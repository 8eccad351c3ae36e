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
        sql(cases, "sql, array of rows of every type", "ROW<a ARRAY<ROW<a CHAR(3), b STRING, c BOOLEAN, d BYTES, e DECIMAL(10, 2), f TINYINT, g SMALLINT, h INT, i DATE, j TIME, k BIGINT, l FLOAT, m DOUBLE, n TIMESTAMP(3), o TIMESTAMP_LTZ(3), p ARRAY<INT>, q MULTISET<INT>, r MAP<INT, INT>, s ROW<x INT>, t INTERVAL YEAR, u INTERVAL DAY>>, b ARRAY<ROW<a1 CHAR(3) NOT NULL, b1 STRING NOT NULL, c1 BOOLEAN NOT NULL, d1 BYTES NOT NULL, e1 DECIMAL(10,2) NOT NULL, f1 TINYINT NOT NULL, g1 SMALLINT NOT NULL, h1 INT NOT NULL, i1 DATE NOT NULL, j1 TIME NOT NULL, k1 BIGINT NOT NULL, l1 FLOAT NOT NULL, m1 DOUBLE NOT NULL, n1 TIMESTAMP(3) NOT NULL, o1 TIMESTAMP_LTZ(3) NOT NULL, p1 ARRAY<INT> NOT NULL, q1 MULTISET<INT> NOT NULL, r1 MAP<INT, INT> NOT NULL, s1 ROW<x INT> NOT NULL, t1 INTERVAL YEAR NOT NULL, u1 INTERVAL DAY NOT NULL>>>");
        sql(cases, "sql, arrays of every type", "ROW<a ARRAY<CHAR(3)>, b ARRAY<STRING>, c ARRAY<BOOLEAN>, d ARRAY<BYTES>, e ARRAY<DECIMAL(10,2)>, f ARRAY<TINYINT>, g ARRAY<SMALLINT>, h ARRAY<INT>, i ARRAY<DATE>, j ARRAY<TIME>, k ARRAY<BIGINT>, l ARRAY<FLOAT>, m ARRAY<DOUBLE>, n ARRAY<TIMESTAMP(3)>, o ARRAY<TIMESTAMP_LTZ(3)>, p ARRAY<ARRAY<INT>>, q ARRAY<MULTISET<INT>>, r ARRAY<MAP<INT, INT>>, s ARRAY<ROW<x INT>>, t ARRAY<INTERVAL YEAR>, u ARRAY<INTERVAL DAY>>");
        sql(cases, "sql, arrays of arrays", "ROW<a ARRAY<ARRAY<CHAR(3)>>, b ARRAY<ARRAY<STRING>>, c ARRAY<ARRAY<BOOLEAN>>, d ARRAY<ARRAY<BYTES>>, e ARRAY<ARRAY<DECIMAL(10,2)>>, f ARRAY<ARRAY<TINYINT>>, g ARRAY<ARRAY<SMALLINT>>, h ARRAY<ARRAY<INT>>, i ARRAY<ARRAY<DATE>>, j ARRAY<ARRAY<TIME>>, k ARRAY<ARRAY<BIGINT>>, l ARRAY<ARRAY<FLOAT>>, m ARRAY<ARRAY<DOUBLE>>, n ARRAY<ARRAY<TIMESTAMP(3)>>, o ARRAY<ARRAY<TIMESTAMP_LTZ(3)>>, p ARRAY<ARRAY<ARRAY<INT>>>, q ARRAY<ARRAY<MULTISET<INT>>>, r ARRAY<ARRAY<MAP<INT, INT>>>, s ARRAY<ARRAY<ROW<x INT>>>, t ARRAY<ARRAY<INTERVAL YEAR>>, u ARRAY<ARRAY<INTERVAL DAY>>>");
        sql(cases, "sql, array of rows", "ROW<a ARRAY<ROW<x INT, y STRING>>>");
    }

    private static void sql(Cases cases, String name, String type, Object... values) {
        LogicalType logical = LogicalTypeParser.parse(type, SqlCases.class.getClassLoader());
        cases.add(name, "{'sql':'" + type + "'}", InternalSerializers.<RowData>create(logical), values);
    }
}
