package kobel.conformance.serializers;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.Random;

/** Random values of single types. Bit patterns are random, so that every exponent and surrogate comes up. */
final class RandomScalars {
    private RandomScalars() {}

    static Object of(Random random, Class<?> type) {
        switch (type.getSimpleName()) {
            case "Boolean":
            case "boolean":
                return random.nextBoolean();
            case "Byte":
            case "byte":
                return (byte) random.nextInt();
            case "Short":
            case "short":
                return (short) random.nextInt();
            case "Integer":
            case "int":
                return random.nextInt() >> random.nextInt(32);
            case "Long":
            case "long":
                return random.nextLong() >> random.nextInt(64);
            case "Float":
            case "float":
                return Float.intBitsToFloat(random.nextInt());
            case "Double":
            case "double":
                return Double.longBitsToDouble(random.nextLong());
            case "Character":
            case "char":
                return (char) random.nextInt();
            case "String":
                return text(random);
            case "BigInteger":
                return new BigInteger(random.nextInt(200), random).subtract(new BigInteger(random.nextInt(200), random));
            case "BigDecimal":
                return new BigDecimal(new BigInteger(random.nextInt(150), random), random.nextInt(60) - 20);
            default:
                return time(random, type.getName());
        }
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        int length = random.nextInt(10) == 0 ? random.nextInt(300) : random.nextInt(12);
        int bits = 7 + random.nextInt(10);
        for (int i = 0; i < length; i++) {
            text.append((char) random.nextInt(1 << bits));
        }
        return text.toString();
    }

    private static Object time(Random random, String type) {
        LocalDate date = LocalDate.of(random.nextBoolean() ? 1900 + random.nextInt(200) : random.nextInt(1_999_999_999) - 999_999_999, 1 + random.nextInt(12), 1 + random.nextInt(28));
        LocalTime time = LocalTime.ofNanoOfDay((long) (random.nextDouble() * 86_400_000_000_000L));
        long millis = random.nextLong() >> 20 + random.nextInt(30);
        switch (type) {
            case "java.time.LocalDate":
                return date;
            case "java.time.LocalTime":
                return random.nextBoolean() ? time : time.withNano(0);
            case "java.time.LocalDateTime":
                return LocalDateTime.of(date, time);
            case "java.time.Instant":
                return Instant.ofEpochSecond(random.nextLong() >> 28 + random.nextInt(30), random.nextInt(1_000_000_000));
            case "java.util.Date":
                return new java.util.Date(millis);
            case "java.sql.Date":
                return new java.sql.Date(millis);
            case "java.sql.Time":
                return new java.sql.Time(millis);
            case "java.sql.Timestamp": {
                java.sql.Timestamp timestamp = new java.sql.Timestamp(millis);
                timestamp.setNanos(random.nextInt(1_000_000_000));
                return timestamp;
            }
            default:
                throw new UnsupportedOperationException(type);
        }
    }
}
