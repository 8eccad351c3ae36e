package kobel.bench;

/** A POJO inside of {@link User}. */
public class Position {
  public double lat;
  public double lon;
  public int zip;
}
