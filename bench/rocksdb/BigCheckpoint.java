import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;

/**
 * Makes an incremental RocksDB checkpoint of a given size with a real Flink 2.x: `first` is a value, `second` a map of four
 * entries, each of 100 characters; every seventh key is written a second time, so that there are old entries to compact.
 *
 *     BigCheckpoint DIRECTORY BYTES [FLINK-OPTION=VALUE …]
 *
 * A checkpoint is taken after each tenth of the bytes; the path of the last one is printed.
 */
public final class BigCheckpoint {
    private static final int CHECKPOINTS = 10;
    private static final int VALUE_CHARACTERS = 100;
    private static final int MAP_ENTRIES = 4;
    private static final AtomicLong WRITTEN = new AtomicLong();

    private BigCheckpoint() {}

    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]).toAbsolutePath();
        // A key, its entries, and what is written twice.
        long keys = Long.parseLong(args[1]) / ((1 + MAP_ENTRIES) * (VALUE_CHARACTERS + 20));
        Configuration configuration = new Configuration();
        configuration.setString("state.backend.type", "rocksdb");
        configuration.setString("execution.checkpointing.incremental", "true");
        configuration.setString("execution.checkpointing.dir", directory.toUri().toString());
        configuration.setString("execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION");
        configuration.setString("taskmanager.memory.managed.size", "256m");
        configuration.setString("rest.bind-port", "0");
        configuration.setString("rest.port", "0");
        for (int i = 2; i < args.length; i++) {
            int at = args[i].indexOf('=');
            configuration.setString(args[i].substring(0, at), args[i].substring(at + 1));
        }
        StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(1, configuration);
        env.enableCheckpointing(1_000_000_000L);
        env.setMaxParallelism(128);
        env.fromSequence(0, Long.MAX_VALUE - 1)
                .keyBy(BigCheckpoint::keyOf)
                .process(new Writing(keys))
                .uid("writing")
                .sinkTo(new DiscardingSink<>());
        try (MiniCluster cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
                .setConfiguration(configuration)
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(1)
                .build())) {
            cluster.start();
            var graph = env.getStreamGraph().getJobGraph();
            cluster.submitJob(graph).get();
            String path = null;
            for (int i = 1; i <= CHECKPOINTS; i++) {
                while (WRITTEN.get() < keys * i / CHECKPOINTS) {
                    if (cluster.getJobStatus(graph.getJobID()).get().isTerminalState()) {
                        cluster.requestJobResult(graph.getJobID()).get().toJobExecutionResult(BigCheckpoint.class.getClassLoader());
                    }
                    Thread.sleep(20);
                }
                path = cluster.triggerCheckpoint(graph.getJobID()).get();
            }
            cluster.cancelJob(graph.getJobID()).get();
            cluster.requestJobResult(graph.getJobID()).get();
            try (Stream<Path> files = Files.walk(directory)) {
                long bytes = files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
                System.out.println(path + " of " + bytes + " bytes in " + directory);
            }
        }
    }

    /** Keys come in no order; each seventh comes again. */
    private static long keyOf(long i) {
        return (i % 7 == 6 ? i / 2 : i) * 0x9e3779b97f4a7c15L;
    }

    private static final class Writing extends KeyedProcessFunction<Long, Long, String> {
        private final long keys;
        private transient ValueState<String> first;
        private transient MapState<Integer, String> second;

        Writing(long keys) {
            this.keys = keys;
        }

        @Override
        public void open(OpenContext context) {
            first = getRuntimeContext().getState(new ValueStateDescriptor<>("first", Types.STRING));
            second = getRuntimeContext().getMapState(new MapStateDescriptor<>("second", Types.INT, Types.STRING));
        }

        @Override
        public void processElement(Long i, Context context, Collector<String> out) throws Exception {
            // The source goes on, so that there is a task to take the last checkpoint of.
            if (i >= keys) {
                return;
            }
            SplittableRandom random = new SplittableRandom(i);
            first.update(text(random));
            for (int k = 0; k < MAP_ENTRIES; k++) {
                second.put(k, text(random));
            }
            WRITTEN.incrementAndGet();
        }

        private static String text(SplittableRandom random) {
            StringBuilder text = new StringBuilder(VALUE_CHARACTERS);
            for (int i = 0; i < VALUE_CHARACTERS; i++) {
                text.append((char) ('a' + random.nextInt(26)));
            }
            return text.toString();
        }
    }
}
