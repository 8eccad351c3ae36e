package kobel.conformance.json;

/** A value (or a part of one) that a reader without the user's classes cannot read; it says itself how it is expected. */
public interface Opaque {
    Object expected();
}
