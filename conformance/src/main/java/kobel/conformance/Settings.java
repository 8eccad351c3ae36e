package kobel.conformance;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import kobel.conformance.flink.Flink;
import org.apache.flink.configuration.Configuration;

/** What a snapshot is made with: {@code JOB BACKEND FORMAT OUTDIR [name=value …]}. */
final class Settings {
    final String job;
    /** hashmap or rocksdb. */
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
    /** If positive: restore the checkpoint at this parallelism after the last phase and take one more. */
    final int rescale;
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
        rescale = Integer.parseInt(this.options.getOrDefault("rescale", "0"));
    }

    boolean isCheckpoint() {
        return format.equals("checkpoint");
    }

    Map<String, Object> shown() {
        return new LinkedHashMap<>(options);
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
        set(config, String.valueOf(backend.equals("rocksdb") && isCheckpoint()), "state.backend.incremental", "execution.checkpointing.incremental");
        set(config, hasNewBackends ? threshold + "b" : String.valueOf(threshold),
                "state.storage.fs.memory-threshold", "state.backend.fs.memory-threshold", "execution.checkpointing.data-inline-threshold");
        set(config, "ROCKSDB", "state.backend.rocksdb.timer-service.factory");
        set(config, "RETAIN_ON_CANCELLATION", "execution.checkpointing.externalized-checkpoint-retention");
        set(config, String.valueOf(compression), "execution.checkpointing.snapshot-compression");
        set(config, "none", "restart-strategy", "restart-strategy.type");
        set(config, "0", "rest.port", "rest.bind-port");
        set(config, "16m", "taskmanager.memory.managed.size");
        set(config, "64m", "taskmanager.memory.network.min", "taskmanager.memory.network.max");
        return config;
    }

    private static void set(Configuration config, String value, String... names) {
        for (String name : names) {
            config.setString(name, value);
        }
    }
}
