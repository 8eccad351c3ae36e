package kobel.conformance.types;

/** A record: a POJO for Flink since 1.19. */
public record Point(int x, Long y, String label) {}
