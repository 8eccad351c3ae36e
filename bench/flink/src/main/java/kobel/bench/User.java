package kobel.bench;

/** The value of the cases B, D and E. Flink sorts the fields of a POJO by name. */
public class User {
  public long id;
  public int visits;
  public double amount;
  public boolean active;
  public String name;
  public String city;
  public Position pos;
  public long updatedAt;
}
