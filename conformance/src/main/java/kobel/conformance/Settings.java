package kobel.conformance;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import kobel.conformance.flink.Flink;
import kobel.conformance.model.JobModel;
import kobel.conformance.model.OperatorModel;
import org.apache.flink.configuration.Configuration;

/** What a snapshot is made with: {@code JOB BACKEND FORMAT OUTDIR [name=value …]}. */
final class Settings {
    final String job;
    /** hashmap, rocksdb or forst. */
    final String backend;
    /** canonical, native or checkpoint. */
    final String format;
    final Path output;
    final boolean compression;
    /** State up to so many bytes is written into the metadata file. */
    final int threshold;
    final int phases;
    /** If positive: the parallelism of every operator when verifying. */
    final int parallelism;
    /** After the last phase restore the checkpoint at each of these parallelisms in turn, and take one more. */
    final List<Integer> rescale;
    /** If positive: after so many phases the job is stopped and goes on from its checkpoint. */
    final int restart;
    /** Restored checkpoints are claimed: the job goes on with their files. The changelog backend can do nothing else. */
    final boolean isClaiming;
    /** How long to wait after each checkpoint. */
    final int pauseMs;
    private final Map<String, String> options = new TreeMap<>();

    Settings(String job, String backend, String format, Path output, String... options) {
        this.job = job;
        this.format = format;
        this.output = output.toAbsolutePath().normalize();
        for (String option : options) {
            int equals = option.indexOf('=');
            this.options.put(option.substring(0, equals), option.substring(equals + 1));
        }
        this.backend = this.options.getOrDefault("backend", backend);
        compression = Boolean.parseBoolean(this.options.getOrDefault("compression", "false"));
        threshold = Integer.parseInt(this.options.getOrDefault("threshold", "0"));
        phases = Integer.parseInt(this.options.getOrDefault("phases", isCheckpoint() ? "3" : "1"));
        parallelism = Integer.parseInt(this.options.getOrDefault("parallelism", "0"));
        rescale = Stream.of(this.options.getOrDefault("rescale", "").split(",")).filter(text -> !text.isEmpty()).map(Integer::parseInt).toList();
        restart = Integer.parseInt(this.options.getOrDefault("restart", "0"));
        isClaiming = Boolean.parseBoolean(this.options.getOrDefault("claim", String.valueOf(this.options.containsKey("changelog"))));
        pauseMs = Integer.parseInt(this.options.getOrDefault("pause", "0"));
    }

    boolean isCheckpoint() {
        return format.equals("checkpoint");
    }

    Map<String, Object> shown() {
        return new LinkedHashMap<>(options);
    }

    String option(String name, String otherwise) {
        return options.getOrDefault(name, otherwise);
    }

    /** Gives every operator the parallelism and max parallelism that were asked for. */
    void resize(JobModel model) {
        int maxParallelism = Integer.parseInt(option("maxParallelism", "0"));
        for (OperatorModel operator : model.operators) {
            operator.maxParallelism = maxParallelism > 0 ? maxParallelism : operator.maxParallelism;
            operator.parallelism = parallelism > 0 ? Math.min(parallelism, operator.maxParallelism) : operator.parallelism;
        }
    }

    /** The checkpoints' place; it stays in the metadata of incremental checkpoints. */
    Path checkpoints() {
        return output.resolve("checkpoints");
    }

    /** Every name that an option has had; a Flink ignores those it does not know. */
    Configuration configuration() {
        Configuration config = new Configuration();
        String directory = checkpoints().toUri().toString();
        boolean hasNewBackends = Flink.isAtLeast(1, 13);
        set(config, !hasNewBackends && backend.equals("hashmap") ? "filesystem" : backend, "state.backend", "state.backend.type");
        set(config, directory, "state.checkpoints.dir", "execution.checkpointing.dir");
        set(config, options.getOrDefault("incremental", String.valueOf(!backend.equals("hashmap") && isCheckpoint())), "state.backend.incremental", "execution.checkpointing.incremental");
        set(config, hasNewBackends ? threshold + "b" : String.valueOf(threshold),
                "state.storage.fs.memory-threshold", "state.backend.fs.memory-threshold", "execution.checkpointing.data-inline-threshold");
        set(config, options.getOrDefault("timers", "rocksdb").toUpperCase(), "state.backend.rocksdb.timer-service.factory");
        set(config, "RETAIN_ON_CANCELLATION", "execution.checkpointing.externalized-checkpoint-retention");
        set(config, String.valueOf(compression), "execution.checkpointing.snapshot-compression");
        // A task that is about to finish declines a checkpoint.
        set(config, "20", "execution.checkpointing.tolerable-failed-checkpoints");
        // Heaps of 32768 key groups keep the collector busy.
        set(config, "300000", "heartbeat.timeout");
        set(config, "none", "restart-strategy", "restart-strategy.type");
        set(config, "0", "rest.port", "rest.bind-port");
        set(config, "16m", "taskmanager.memory.managed.size");
        set(config, "64m", "taskmanager.memory.network.min", "taskmanager.memory.network.max");
        setKind(config);
        return config;
    }

    /** What the options of the same names ask for. */
    private void setKind(Configuration config) {
        set(config, options.getOrDefault("retained", "1"), "state.checkpoints.num-retained", "execution.checkpointing.num-retained");
        if (options.containsKey("changelog")) {
            boolean isMaterialized = options.get("changelog").equals("materialized");
            set(config, "true", "state.backend.changelog.enabled", "state.changelog.enabled");
            set(config, "filesystem", "state.backend.changelog.storage", "state.changelog.storage");
            set(config, isMaterialized ? "400 ms" : "1 h",
                    "state.backend.changelog.periodic-materialize.interval", "state.changelog.periodic-materialize.interval");
            set(config, String.valueOf(isMaterialized), "state.changelog.periodic-materialize.enabled");
            set(config, output.resolve("changelog").toUri().toString(), "dstl.dfs.base-path");
            set(config, String.valueOf(compression), "dstl.dfs.compression.enabled");
        }
        if (options.containsKey("merging")) {
            set(config, "true", "execution.checkpointing.file-merging.enabled");
            set(config, String.valueOf(options.get("merging").equals("across")), "execution.checkpointing.file-merging.across-checkpoint-boundary");
        }
        if (options.containsKey("unaligned")) {
            // Small buffers, so that some records lie in two of them.
            set(config, options.get("unaligned"), "execution.checkpointing.unaligned", "execution.checkpointing.unaligned.enabled");
            set(config, "4kb", "taskmanager.memory.segment-size");
        }
        if (options.containsKey("levels")) {
            // Small files and levels: compactions happen with little data.
            set(config, "64kb", "state.backend.rocksdb.writebuffer.size");
            set(config, "8kb", "state.backend.rocksdb.compaction.level.target-file-size-base");
            set(config, "32kb", "state.backend.rocksdb.compaction.level.max-size-level-base");
            set(config, "false", "state.backend.rocksdb.memory.managed");
        }
        // Flink's own options, by their names.
        options.forEach((name, value) -> {
            if (name.contains(".")) {
                set(config, value, name);
            }
        });
        if (options.containsKey("ingest")) {
            set(config, options.get("ingest"), "state.backend.rocksdb.use-ingest-db-restore-mode");
        }
    }

    private static void set(Configuration config, String value, String... names) {
        for (String name : names) {
            config.setString(name, value);
        }
    }
}
