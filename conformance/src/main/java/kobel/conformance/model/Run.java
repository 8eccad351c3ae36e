package kobel.conformance.model;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import kobel.conformance.flink.Flink;
import kobel.conformance.json.Json;
import org.apache.flink.api.common.functions.RuntimeContext;

/** The one run of this process: tasks of the in-process cluster find here the model and what they may do next. */
public final class Run {
    /** The pseudo phase in which operators compare what they hold with the model. */
    public static final int VERIFY = -1;
    /** The pseudo phase in which time runs out: every event timer fires and every window closes. */
    public static final int FLUSH = -2;

    private static volatile JobModel job;
    private static volatile int round;
    private static volatile List<Integer> phases;
    private static volatile int checkedPhases;
    private static final AtomicInteger SOURCES_DONE = new AtomicInteger();
    private static final AtomicInteger ENDED = new AtomicInteger();
    private static final AtomicInteger VERIFIED = new AtomicInteger();
    private static final Queue<String> DIFFERENCES = new ConcurrentLinkedQueue<>();
    private static final Queue<String> RESULTS = new ConcurrentLinkedQueue<>();
    private static final ConcurrentHashMap<String, AtomicInteger> COUNTS = new ConcurrentHashMap<>();

    private Run() {}

    /** Starts over; the phases are released one by one by {@link #release}. */
    public static void start(JobModel model, List<Integer> phaseList, int phasesToCheck) {
        job = model;
        phases = phaseList;
        round = 0;
        checkedPhases = phasesToCheck;
        SOURCES_DONE.set(0);
        ENDED.set(0);
        VERIFIED.set(0);
        DIFFERENCES.clear();
        RESULTS.clear();
        COUNTS.clear();
    }

    public static void release() {
        SOURCES_DONE.set(ENDED.get());
        round++;
    }

    /** The barrier of a snapshot goes behind every record, so it is enough that the sources have sent all. */
    public static boolean allSent() {
        long sources = job.operators.stream().filter(operator -> operator.hasSteps() && !(isVerifying() && operator.isEnding)).count();
        return SOURCES_DONE.get() == sources && job.operators.stream().allMatch(OperatorModel::isReady);
    }

    public static JobModel job() {
        return job;
    }

    public static OperatorModel operator(int index) {
        return job.operators.get(index);
    }

    /** Nothing but verifying: window operators are replaced by readers. */
    public static boolean isVerifying() {
        return phases.equals(List.of(VERIFY));
    }

    /** Whether the job goes on and its results are compared. */
    public static boolean isResuming() {
        return phases.contains(FLUSH);
    }

    /** How many phases the restored snapshot is to hold. */
    public static int checkedPhases() {
        return checkedPhases;
    }

    /** The phase of a round (0, 1, …) once it is released, else null. */
    static Integer phaseOf(int nextRound) {
        return nextRound < round ? phases.get(nextRound) : null;
    }

    /** How many phases of records were released. */
    static long recordPhases() {
        return phases.stream().limit(round).filter(phase -> phase >= 0).count();
    }

    /** A source that has sent all it ever will. */
    static void ended() {
        ENDED.incrementAndGet();
    }

    static void sent() {
        SOURCES_DONE.incrementAndGet();
    }

    public static void verified(String difference) {
        if (difference != null) {
            DIFFERENCES.add(difference);
        }
        VERIFIED.incrementAndGet();
    }

    public static int verifiedSteps() {
        return VERIFIED.get();
    }

    /** The number of the subtask that asks. */
    static int subtask(RuntimeContext context) {
        return Flink.subtask(context);
    }

    /** Sums up what the subtasks count, to be compared when all are done. */
    public static void count(String what, int number) {
        COUNTS.computeIfAbsent(what, w -> new AtomicInteger()).addAndGet(number);
    }

    public static int counted(String what) {
        AtomicInteger number = COUNTS.get(what);
        return number == null ? 0 : number.get();
    }

    /** What an operator gives: a firing timer, a window's result. */
    public static void result(int operator, Object json) {
        RESULTS.add(job.operators.get(operator).name + ' ' + Json.text(json));
    }

    /** What a reader of a savepoint finds. */
    public static void read(String text) {
        RESULTS.add(text);
    }

    public static Queue<String> results() {
        return RESULTS;
    }

    public static Queue<String> differences() {
        return DIFFERENCES;
    }
}
