package kobel.bench;

/** What the cases hold: README.md has the formulas. */
final class Cases {
  static final String UID = "op";
  static final String KEY_PREFIX = "user-";

  private static final String[] CITIES = {
    "Amsterdam-Centrum", "Berlin Mitte", "Zaragoza Delicias", "S\u00e3o Paulo Pinheiros", "Johannesburg", "Kuala Lumpur",
    "New York City", "San Francisco", "M\u00fcnchen Schwabing", "Buenos Aires", "Stockholm Norrmalm",
    "\u6771\u4eac\u90fd\u5343\u4ee3\u7530\u533a\u4e38\u306e\u5185", "Melbourne Docklands", "Cape Town Harbour",
    "Addis Ababa", "Port Moresby",
  };

  /** 40 bits that look random. */
  static long mixed(long i) {
    return (i * 0x9E3779B97F4A7C15L) >>> 24;
  }

  static String userKey(long i) {
    return KEY_PREFIX + String.format("%015d", mixed(i));
  }

  static User user(long i) {
    long x = mixed(i);
    User user = new User();
    user.id = i;
    user.visits = (int) (x % 100003);
    user.amount = (x % 1000000) / 4.0;
    user.active = i % 3 == 0;
    user.name = "Name " + Long.toString(x, 36) + " " + "Surname-of-twenty-xx".substring(0, (int) (x % 17));
    user.city = CITIES[(int) (x & 15)];
    user.pos = new Position();
    user.pos.lat = (x % 180000) / 1024.0 - 90;
    user.pos.lon = (x % 360000) / 1024.0 - 180;
    user.pos.zip = (int) (x % 99991);
    user.updatedAt = 1700000000000L + i;
    return user;
  }

  static long checksum(String key, User user) {
    return user.id + user.visits + user.updatedAt + user.pos.zip + (long) (user.amount * 4)
        + user.name.length() + user.city.length() + key.length() + (user.active ? 1 : 0);
  }

  static final int MAP_ENTRIES = 20;
  static final int LIST_ELEMENTS = 10;

  static String mapKey(long i, int j) {
    return "metric-" + (j * 7 + i % 50);
  }

  static double mapValue(long i, int j) {
    return ((mixed(i) + j) % 1000) / 4.0;
  }

  private Cases() {}
}
