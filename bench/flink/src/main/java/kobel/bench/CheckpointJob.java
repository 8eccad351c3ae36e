package kobel.bench;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.functions.source.legacy.RichParallelSourceFunction;
import org.apache.flink.util.Collector;

/** Case D: the state of B in a retained incremental checkpoint of a streaming job on RocksDB. */
final class CheckpointJob {
  private static final AtomicLong DONE = new AtomicLong();

  static void run(long count, String directory) throws Exception {
    Configuration configuration = new Configuration();
    configuration.setString("taskmanager.memory.managed.size", "512m");
    configuration.setString("taskmanager.numberOfTaskSlots", "2");
    configuration.setString("state.backend.type", "rocksdb");
    configuration.setString("execution.checkpointing.incremental", "true");
    configuration.setString("execution.checkpointing.dir", Path.of(directory).toUri().toString());
    configuration.setString("execution.checkpointing.interval", "5s");
    configuration.setString("execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION");
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
    environment.setParallelism(2);
    environment.setMaxParallelism(128);
    environment
        .addSource(new Numbers(count)).returns(Types.LONG).uid("source")
        .keyBy(Cases::userKey, Types.STRING)
        .process(new Keep()).returns(Types.LONG).uid(Cases.UID)
        .sinkTo(new DiscardingSink<>()).uid("sink");
    JobClient job = environment.executeAsync();
    while (DONE.get() < count) Thread.sleep(200);
    // Two intervals: at least one checkpoint that holds everything.
    Thread.sleep(11_000);
    job.cancel().get();
    Thread.sleep(1_500);
  }

  private static class Numbers extends RichParallelSourceFunction<Long> {
    private final long count;
    private volatile boolean running = true;

    Numbers(long count) {
      this.count = count;
    }

    @Override
    public void run(SourceContext<Long> context) throws Exception {
      int subtasks = getRuntimeContext().getTaskInfo().getNumberOfParallelSubtasks();
      for (long i = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask(); i < count && running; i += subtasks) {
        synchronized (context.getCheckpointLock()) {
          context.collect(i);
        }
      }
      while (running) Thread.sleep(50);
    }

    @Override
    public void cancel() {
      running = false;
    }
  }

  private static class Keep extends KeyedProcessFunction<String, Long, Long> {
    private transient ValueState<User> user;

    @Override
    public void open(OpenContext context) {
      user = getRuntimeContext().getState(States.USER);
    }

    @Override
    public void processElement(Long i, Context context, Collector<Long> out) throws Exception {
      user.update(Cases.user(i));
      DONE.incrementAndGet();
    }
  }

  private CheckpointJob() {}
}
