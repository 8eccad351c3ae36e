package kobel.conformance;

import java.lang.reflect.Method;
import java.util.function.BooleanSupplier;
import kobel.conformance.flink.Flink;
import kobel.conformance.model.JobModel;
import kobel.conformance.model.OperatorModel;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.AccessExecutionJobVertex;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** A real Flink cluster inside this process, running one job. */
final class Cluster implements AutoCloseable {
    private static final long TIMEOUT_MS = 120_000;

    private final Settings settings;
    private final MiniCluster cluster;
    private JobGraph graph;
    private int starts;
    private JobID job;

    Cluster(Settings settings, int slots) throws Exception {
        this.settings = settings;
        cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
                .setConfiguration(settings.configuration())
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(slots)
                .build());
        cluster.start();
    }

    /** Starts the job, from a snapshot if one is given. */
    void start(JobModel model, String snapshot) throws Exception {
        StreamExecutionEnvironment env = environment(1);
        env.getConfig().setUseSnapshotCompression(settings.compression);
        env.enableCheckpointing(1_000_000_000L);
        Flink.useEventTime(env);
        model.registeredPojos.forEach(type -> Flink.registerPojo(env, type));
        for (OperatorModel operator : model.operators) {
            operator.attach(env);
        }
        job = new JobID(model.name.hashCode(), ++starts);
        graph = Flink.jobGraph(env, job);
        job = graph.getJobID();
        if (snapshot != null) {
            graph.setSavepointRestoreSettings(restoreSettings(snapshot));
        }
        cluster.submitJob(graph).get();
    }

    StreamExecutionEnvironment environment(int parallelism) {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(parallelism, settings.configuration());
        env.disableOperatorChaining();
        env.getConfig().disableClosureCleaner();
        return env;
    }

    /** Runs a job to its end. */
    void run(StreamExecutionEnvironment env) throws Exception {
        graph = Flink.jobGraph(env, new JobID(0, ++starts));
        cluster.submitJob(graph).get();
        cluster.requestJobResult(graph.getJobID()).get().toJobExecutionResult(Cluster.class.getClassLoader());
    }

    /** The enum of the claim modes has had three names. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    private SavepointRestoreSettings restoreSettings(String snapshot) throws Exception {
        if (settings.isClaiming) {
            for (Method method : SavepointRestoreSettings.class.getMethods()) {
                if (method.getName().equals("forPath") && method.getParameterCount() == 3) {
                    Object claim = Enum.valueOf((Class<? extends Enum>) method.getParameterTypes()[2], "CLAIM");
                    return (SavepointRestoreSettings) method.invoke(null, snapshot, false, claim);
                }
            }
        }
        return SavepointRestoreSettings.forPath(snapshot, false);
    }

    /** Waits until the operator, the only one in its vertex, has finished. */
    void awaitFinished(String vertexName) throws Exception {
        await(() -> {
            try {
                for (AccessExecutionJobVertex vertex : cluster.getExecutionGraph(job).get().getVerticesTopologically()) {
                    if (vertex.getName().equals(vertexName)) {
                        return vertex.getAggregateState() == ExecutionState.FINISHED;
                    }
                }
                return false;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    /** Waits until the condition holds; a job that ends instead is an error. */
    void await(BooleanSupplier condition) throws Exception {
        long deadline = System.currentTimeMillis() + TIMEOUT_MS;
        while (!condition.getAsBoolean()) {
            if (cluster.getJobStatus(job).get().isTerminalState()) {
                cluster.requestJobResult(job).get().toJobExecutionResult(Cluster.class.getClassLoader());
                throw new IllegalStateException("the job ended");
            }
            if (System.currentTimeMillis() > deadline) {
                throw new IllegalStateException("timeout, the job is " + cluster.getJobStatus(job).get());
            }
            Thread.sleep(20);
        }
    }

    /** Takes a savepoint below the directory, or a checkpoint where the configuration says; gives its path. */
    String snapshot(String directory) throws Exception {
        String[] path = new String[1];
        await(() -> {
            path[0] = attempt(directory);
            return path[0] != null;
        });
        return path[0];
    }

    /** Null when tasks are still starting, or the job has failed (then {@link #await} tells why). */
    private String attempt(String directory) {
        try {
            return trigger(directory);
        } catch (Exception e) {
            String message = String.valueOf(e.getMessage());
            boolean isEarly = message.contains("Not all required tasks are currently running") || message.contains("Checkpoint was declined (task");
            if (!isEarly && !hasFailed()) {
                throw new IllegalStateException(e);
            }
            return null;
        }
    }

    private boolean hasFailed() {
        try {
            Thread.sleep(500);
            return cluster.getJobStatus(job).get().isTerminalState();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private String trigger(String directory) throws Exception {
        return settings.isCheckpoint()
                ? Flink.checkpoint(cluster, job)
                : Flink.savepoint(cluster, job, directory, settings.format);
    }

    /** Takes a checkpoint, whatever the settings say. */
    void checkpoint() throws Exception {
        Flink.checkpoint(cluster, job);
    }

    /** Has Flink delete a savepoint. */
    void dispose(String savepoint) throws Exception {
        cluster.disposeSavepoint(savepoint).get();
    }

    void cancel() throws Exception {
        cluster.cancelJob(job).get();
        cluster.requestJobResult(job).get();
    }

    /** The id of an operator that is the only one in its vertex. */
    String operatorId(String vertexName) {
        String[] found = new String[1];
        graph.getVertices().forEach(vertex -> {
            if (vertex.getName().equals(vertexName)) {
                found[0] = vertex.getID().toString();
            }
        });
        return found[0];
    }

    @Override
    public void close() throws Exception {
        cluster.close();
    }
}
