package kobel.conformance.types;

/** An enum with names beyond ASCII, fields, and constants that are classes of their own. */
public enum Signal {
    OFF("o"),
    GRÜN("g") {
        @Override
        public boolean mayGo() {
            return true;
        }
    },
    $lower_Case9("x"),
    停("r");

    private final String code;

    Signal(String code) {
        this.code = code;
    }

    public String code() {
        return code;
    }

    public boolean mayGo() {
        return false;
    }
}
