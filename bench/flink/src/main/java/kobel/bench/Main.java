package kobel.bench;

import java.nio.file.Path;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.api.common.accumulators.LongCounter;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.state.api.OperatorIdentifier;
import org.apache.flink.state.api.OperatorTransformation;
import org.apache.flink.state.api.SavepointReader;
import org.apache.flink.state.api.SavepointWriter;
import org.apache.flink.state.api.StateBootstrapTransformation;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.apache.flink.util.Collector;

/** What Flink itself does of the bench, one thing in a process: see README.md. */
public final class Main {
  private static final String COMPRESSION = "execution.checkpointing.snapshot-compression";

  public static void main(String[] args) throws Exception {
    switch (args[0]) {
      case "write" -> write(args[1], Long.parseLong(args[2]), args[3], args.length > 4);
      case "checkpoint" -> CheckpointJob.run(Long.parseLong(args[1]), args[2]);
      case "read" -> read(args[1], args[2], args.length > 3 ? args[3] : "hashmap");
      case "sql" -> sql(args[1], args[2]);
      default -> throw new IllegalArgumentException(args[0]);
    }
    // Threads of the cluster would keep the process for a while.
    System.exit(0);
  }

  static StreamExecutionEnvironment environment(boolean compressed) {
    Configuration configuration = new Configuration();
    configuration.setString("taskmanager.memory.managed.size", "768m");
    configuration.setString("taskmanager.numberOfTaskSlots", "2");
    configuration.setString(COMPRESSION, String.valueOf(compressed));
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
    environment.setParallelism(2);
    environment.setMaxParallelism(128);
    environment.setRuntimeMode(RuntimeExecutionMode.BATCH);
    environment.getConfig().enableObjectReuse();
    return environment;
  }

  private static StateBackend backend(String name) {
    return name.equals("rocksdb") ? new EmbeddedRocksDBStateBackend() : new HashMapStateBackend();
  }

  private static void write(String kind, long count, String directory, boolean compressed) throws Exception {
    StreamExecutionEnvironment environment = environment(compressed);
    SavepointWriter.newSavepoint(environment, new HashMapStateBackend(), 128)
        .withConfiguration(ConfigOptions.key(COMPRESSION).booleanType().noDefaultValue(), compressed)
        .withOperator(OperatorIdentifier.forUid(Cases.UID), bootstrap(environment.fromSequence(0, count - 1), kind))
        .write(Path.of(directory).toUri().toString());
    environment.execute();
  }

  private static StateBootstrapTransformation<Long> bootstrap(DataStream<Long> sequence, String kind) {
    var input = OperatorTransformation.bootstrapWith(sequence);
    return switch (kind) {
      case "A" -> input.keyBy((KeySelector<Long, Long>) i -> i, Types.LONG).transform(new States.WriteA());
      case "B" -> input.keyBy((KeySelector<Long, String>) Cases::userKey, Types.STRING).transform(new States.WriteB());
      case "C" -> input.keyBy((KeySelector<Long, Long>) i -> i, Types.LONG).transform(new States.WriteC());
      default -> throw new IllegalArgumentException(kind);
    };
  }

  private static void read(String kind, String directory, String backend) throws Exception {
    StreamExecutionEnvironment environment = environment(false);
    SavepointReader reader = SavepointReader.read(environment, directory, backend(backend));
    OperatorIdentifier operator = OperatorIdentifier.forUid(Cases.UID);
    DataStream<Long> sums =
        switch (kind) {
          case "A" -> reader.readKeyedState(operator, new States.ReadA(), Types.LONG, Types.LONG);
          case "B" -> reader.readKeyedState(operator, new States.ReadB(), Types.STRING, Types.LONG);
          case "C" -> reader.readKeyedState(operator, new States.ReadC(), Types.LONG, Types.LONG);
          default -> throw new IllegalArgumentException(kind);
        };
    sums.flatMap(new Total()).returns(Types.LONG).sinkTo(new DiscardingSink<>());
    JobExecutionResult result = environment.execute();
    System.out.println("rows=" + result.getAccumulatorResult("rows") + " sum=" + result.getAccumulatorResult("sum"));
  }

  /** `$PATH` in the query stands for the savepoint; the table `users` is its state. */
  private static void sql(String directory, String query) throws Exception {
    StreamTableEnvironment tables =
        StreamTableEnvironment.create(environment(false), EnvironmentSettings.inBatchMode());
    tables.executeSql("LOAD MODULE state");
    tables.executeSql(
        "CREATE TABLE users (k STRING, `user` ROW<id BIGINT, visits INT, amount DOUBLE, active BOOLEAN, name STRING,"
            + " city STRING, pos ROW<lat DOUBLE, lon DOUBLE, zip INT>, updatedAt BIGINT>, PRIMARY KEY (k) NOT ENFORCED)"
            + " WITH ('connector'='savepoint','state.backend.type'='hashmap','state.path'='" + directory
            + "','operator.uid'='" + Cases.UID + "','fields.user.value-class'='kobel.bench.User')");
    try (CloseableIterator<Row> rows = tables.executeSql(query.replace("$PATH", directory)).collect()) {
      while (rows.hasNext()) System.out.println(rows.next());
    }
  }

  /** Adds up in the task and not with a message for each key. */
  private static class Total extends RichFlatMapFunction<Long, Long> {
    private final LongCounter rows = new LongCounter();
    private final LongCounter sum = new LongCounter();
    private long rowsHere;
    private long sumHere;

    @Override
    public void open(OpenContext context) {
      getRuntimeContext().addAccumulator("rows", rows);
      getRuntimeContext().addAccumulator("sum", sum);
    }

    @Override
    public void flatMap(Long value, Collector<Long> out) {
      rowsHere++;
      sumHere += value;
    }

    @Override
    public void close() {
      rows.add(rowsHere);
      sum.add(sumHere);
      rowsHere = 0;
      sumHere = 0;
    }
  }

  private Main() {}
}
