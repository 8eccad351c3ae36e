package kobel.conformance.model;

import java.util.List;
import kobel.conformance.flink.LegacySource;

/** Sends the steps of an operator, one phase each time it is allowed to, and idles until it is cancelled. */
final class StepSource extends LegacySource<Integer> {
    /** Steps are phase * PHASE + step; those of the verify phase are negative. */
    static final int PHASE = 1_000_000;

    private static final long serialVersionUID = 1;
    private final int operator;
    private volatile boolean isRunning = true;

    StepSource(int operator) {
        this.operator = operator;
    }

    @Override
    public void run(SourceContext<Integer> context) throws Exception {
        OperatorModel model = Run.operator(operator);
        int round = 0;
        while (isRunning) {
            Integer phase = Run.phaseOf(round);
            if (phase == null) {
                Thread.sleep(5);
                continue;
            }
            round++;
            synchronized (context.getCheckpointLock()) {
                send(context, model, phase);
            }
            if (model.isEnding) {
                Run.ended();
                Run.sent();
                return;
            }
            Run.sent();
        }
    }

    private static void send(SourceContext<Integer> context, OperatorModel model, int phase) {
        if (phase == Run.VERIFY) {
            model.verifySteps().forEach(step -> context.collect(-1 - step));
            return;
        }
        if (phase == Run.FLUSH) {
            context.emitWatermark(org.apache.flink.streaming.api.watermark.Watermark.MAX_WATERMARK);
            return;
        }
        List<Integer> steps = model.steps(phase);
        for (int step : steps) {
            Long timestamp = model.timestamp(phase, step);
            if (timestamp == null) {
                context.collect(phase * PHASE + step);
            } else {
                context.collectWithTimestamp(phase * PHASE + step, timestamp);
            }
        }
        Long watermark = model.watermark(phase);
        if (watermark != null) {
            context.emitWatermark(new org.apache.flink.streaming.api.watermark.Watermark(watermark));
        }
    }

    @Override
    public void cancel() {
        isRunning = false;
    }
}
