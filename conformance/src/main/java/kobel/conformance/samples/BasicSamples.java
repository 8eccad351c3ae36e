package kobel.conformance.samples;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.api.common.typeinfo.BasicArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.BasicTypeInfo;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;

/** Numbers, text, their arrays. */
public final class BasicSamples {
    /** Lone surrogates in both orders, a pair, NUL, and code units of one, two and three bytes. */
    public static final String ODD_TEXT = "\u0000\u007f\u0080\u07ff\u3fff\u4000\uffff \ud83d\ude00 \ud800 \udc00\ud800 \udfff";

    private BasicSamples() {}

    public static String longText(int length) {
        char[] text = new char[length];
        for (int i = 0; i < length; i++) {
            text[i] = (char) ('a' + i % 26);
        }
        return new String(text);
    }

    public static List<Sample> all() {
        return List.of(
                Sample.of("boolean", Types.BOOLEAN, true, false),
                Sample.of("byte", Types.BYTE, (byte) 0, Byte.MIN_VALUE, Byte.MAX_VALUE, (byte) -1),
                Sample.of("short", Types.SHORT, (short) 0, Short.MIN_VALUE, Short.MAX_VALUE, (short) 258),
                Sample.of("int", Types.INT, 0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, 16909060),
                Sample.of("long", Types.LONG, 0L, -1L, Long.MIN_VALUE, Long.MAX_VALUE, 9007199254740991L, -9007199254740993L, 72623859790382856L),
                Sample.of("float", Types.FLOAT, 0f, -0f, Float.MIN_VALUE, Float.MAX_VALUE, Float.NaN, Float.POSITIVE_INFINITY, 0.1f, 1e10f),
                Sample.of("double", Types.DOUBLE, 0d, -0d, Double.MIN_VALUE, -Double.MAX_VALUE, Double.NaN, Double.NEGATIVE_INFINITY, 0.1, 1e21, 1e-7, 123456789012345680.0),
                Sample.of("char", Types.CHAR, 'a', '\u0000', '\uffff', '\ud800', 'ß'),
                Sample.of("string", Types.STRING, "", "a", "\u0000", ODD_TEXT, longText(17_000), "Grüße, 世界", longText(126), longText(127), longText(128)),
                Sample.of("big-integer", Types.BIG_INT, BigInteger.ZERO, BigInteger.ONE, BigInteger.TEN, new BigInteger("0"), new BigInteger("1"),
                        new BigInteger("10"), BigInteger.valueOf(-1), new BigInteger("-128"), BigInteger.ONE.shiftLeft(200), BigInteger.ONE.shiftLeft(127).negate()),
                Sample.of("big-decimal", Types.BIG_DEC, BigDecimal.ZERO, BigDecimal.ONE, BigDecimal.TEN, new BigDecimal("1.00"), new BigDecimal("-0.001"),
                        new BigDecimal("1E+30"), new BigDecimal("-12345678901234567890123456789.0123456789"), new BigDecimal("1E-300"), new BigDecimal("0.000"),
                        new BigDecimal(Long.MIN_VALUE)),
                Sample.of("boolean-array", PrimitiveArrayTypeInfo.BOOLEAN_PRIMITIVE_ARRAY_TYPE_INFO, new boolean[0], new boolean[] {true, false, true}),
                Sample.of("byte-array", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO, new byte[0], new byte[] {0, -1, 127, -128, 44}),
                Sample.of("short-array", PrimitiveArrayTypeInfo.SHORT_PRIMITIVE_ARRAY_TYPE_INFO, new short[0], new short[] {-1, 1, Short.MIN_VALUE}),
                Sample.of("int-array", PrimitiveArrayTypeInfo.INT_PRIMITIVE_ARRAY_TYPE_INFO, new int[0], new int[] {-1, 1, Integer.MIN_VALUE}),
                Sample.of("long-array", PrimitiveArrayTypeInfo.LONG_PRIMITIVE_ARRAY_TYPE_INFO, new long[0], new long[] {-1, 1, Long.MIN_VALUE}),
                Sample.of("float-array", PrimitiveArrayTypeInfo.FLOAT_PRIMITIVE_ARRAY_TYPE_INFO, new float[0], new float[] {-0f, 1.5f, Float.NaN}),
                Sample.of("double-array", PrimitiveArrayTypeInfo.DOUBLE_PRIMITIVE_ARRAY_TYPE_INFO, new double[0], new double[] {-0d, 2.5, Double.POSITIVE_INFINITY}),
                Sample.of("char-array", PrimitiveArrayTypeInfo.CHAR_PRIMITIVE_ARRAY_TYPE_INFO, new char[0], new char[] {'x', '\ud800', '\u0000', 'é'}),
                Sample.of("string-objects", BasicArrayTypeInfo.STRING_ARRAY_TYPE_INFO, new String[0], new String[] {"", null, ODD_TEXT}),
                Sample.of("boolean-objects", BasicArrayTypeInfo.BOOLEAN_ARRAY_TYPE_INFO, new Boolean[0], new Boolean[] {true, null, false}),
                Sample.of("byte-objects", BasicArrayTypeInfo.BYTE_ARRAY_TYPE_INFO, new Byte[0], new Byte[] {1, null, -1}),
                Sample.of("short-objects", BasicArrayTypeInfo.SHORT_ARRAY_TYPE_INFO, new Short[0], new Short[] {1, null, -1}),
                Sample.of("int-objects", BasicArrayTypeInfo.INT_ARRAY_TYPE_INFO, new Integer[0], new Integer[] {1, null, -1}),
                Sample.of("long-objects", BasicArrayTypeInfo.LONG_ARRAY_TYPE_INFO, new Long[0], new Long[] {1L, null, Long.MAX_VALUE}),
                Sample.of("float-objects", BasicArrayTypeInfo.FLOAT_ARRAY_TYPE_INFO, new Float[0], new Float[] {1f, null, -0f}),
                Sample.of("double-objects", BasicArrayTypeInfo.DOUBLE_ARRAY_TYPE_INFO, new Double[0], new Double[] {1d, null, Double.NaN}),
                Sample.of("char-objects", BasicArrayTypeInfo.CHAR_ARRAY_TYPE_INFO, new Character[0], new Character[] {'a', null, '\ud800'}));
    }

    /** Types whose serializers can write null by themselves. */
    public static List<Sample> nullable() {
        return Arrays.asList(
                Sample.of("string", BasicTypeInfo.STRING_TYPE_INFO, "", "x"),
                Sample.of("big-integer", Types.BIG_INT, BigInteger.ONE, BigInteger.valueOf(-5)),
                Sample.of("big-decimal", Types.BIG_DEC, new BigDecimal("0.10")),
                Sample.of("timestamp", Types.SQL_TIMESTAMP, new java.sql.Timestamp(-1)));
    }
}
