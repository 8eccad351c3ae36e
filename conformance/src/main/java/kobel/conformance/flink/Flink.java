package kobel.conformance.flink;

/** Whatever differs between Flink versions. The superclasses are those of the version it is compiled for. */
public final class Flink extends Recent {
    private Flink() {}

    public static String version() {
        return System.getProperty("flink.version");
    }

    public static boolean isAtLeast(int major, int minor) {
        String[] parts = version().split("\\.");
        int foundMajor = Integer.parseInt(parts[0]);
        return foundMajor > major || foundMajor == major && Integer.parseInt(parts[1]) >= minor;
    }
}
