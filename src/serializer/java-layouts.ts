import type { Layout } from './layout.ts'

/** The layouts of the serializers that Flink has for single JDK classes; their `hashCode` follows from the value. */
export const JAVA_LAYOUTS: Readonly<Record<string, Layout>> = {
  'java.lang.Boolean': { op: 'boolean' },
  'java.lang.Byte': { op: 'i8' },
  'java.lang.Short': { op: 'i16' },
  'java.lang.Integer': { op: 'i32' },
  'java.lang.Long': { op: 'i64' },
  'java.lang.Float': { op: 'f32' },
  'java.lang.Double': { op: 'f64' },
  'java.lang.Character': { op: 'char' },
  'java.lang.String': { op: 'string' },
  'java.math.BigInteger': { op: 'bigInteger' },
  'java.math.BigDecimal': { op: 'bigDecimal' },
  'java.util.Date': { op: 'millis' },
  'java.sql.Date': { op: 'millis' },
  'java.sql.Time': { op: 'millis' },
  'java.sql.Timestamp': { op: 'sqlTimestamp' },
  'java.time.LocalDate': { op: 'localDate' },
  'java.time.LocalTime': { op: 'localTime' },
  'java.time.LocalDateTime': { op: 'localDateTime' },
  'java.time.Instant': { op: 'instant' },
}
