package kobel.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import kobel.conformance.flink.Flink;
import kobel.conformance.json.Json;
import kobel.conformance.model.JobModel;
import kobel.conformance.model.KeyedModel;
import kobel.conformance.model.OperatorModel;
import kobel.conformance.model.PlanTypes;
import kobel.conformance.model.TimerModel;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataOutputSerializer;

/**
 * Writes plan.json and rows.jsonl: what a writer of savepoints must be told so that the job can go on as if it had run its
 * first phases. All of it comes from the model; no savepoint is read. {@code types=described} names types as a person would,
 * {@code types=snapshots} has their serializer snapshots.
 */
final class Plan {
    private final JobModel model;
    private final Settings settings;
    private final boolean isDescribed;
    private final long now = System.currentTimeMillis();
    private int notDescribed;

    Plan(Settings settings) {
        this.settings = settings;
        model = Jobs.byName(settings.job);
        isDescribed = !settings.option("types", "described").equals("snapshots");
        settings.resize(model);
    }

    void write() throws IOException {
        Path directory = settings.output;
        Generate.deleteTree(directory);
        Files.createDirectories(directory);
        List<Object> operators = new ArrayList<>();
        model.operators.forEach(operator -> operators.add(plan(operator)));
        Map<String, Object> plan = Json.object("flink", minor(Flink.version()), "checkpointId", 1, "operators", operators);
        Files.write(directory.resolve("plan.json"), Json.pretty(plan).getBytes(StandardCharsets.UTF_8));
        int rows = 0;
        try (Writer out = Files.newBufferedWriter(directory.resolve("rows.jsonl"))) {
            for (OperatorModel operator : model.operators) {
                for (Map<String, Object> row : rows(operator)) {
                    out.write(Json.text(row));
                    out.write('\n');
                    rows++;
                }
            }
        }
        System.out.println(settings.job + ": " + model.operators.size() + " operators, " + rows + " rows, " + notDescribed + " types by their snapshot");
    }

    private static String minor(String version) {
        return version.substring(0, version.lastIndexOf('.'));
    }

    private Map<String, Object> plan(OperatorModel operator) {
        Map<String, Object> plan = Json.object("uid", operator.uid, "name", operator.name, "parallelism", operator.parallelism,
                "maxParallelism", operator.maxParallelism);
        plan.putAll(operator.plan(new Types()));
        return plan;
    }

    private List<Map<String, Object>> rows(OperatorModel operator) {
        Map<String, Object> expected = operator.expected(settings.phases);
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Map<String, Object> state : list(expected, "keyedStates")) {
            for (Map<String, Object> entry : list(state, "entries")) {
                Map<String, Object> row = Json.object("uid", operator.uid, "state", state.get("name"), "kind", state.get("kind"));
                row.putAll(entry);
                if (Boolean.TRUE.equals(state.get("ttl"))) {
                    Object value = entry.get("value");
                    boolean isList = "list".equals(state.get("kind"));
                    row.put("ttl", isList ? ((List<?>) value).stream().map(element -> now).toList() : now);
                }
                rows.add(placed(operator, row));
            }
        }
        for (Map<String, Object> service : list(expected, "timers")) {
            list(service, "entries").forEach(entry -> rows.add(timer(operator, service, entry)));
        }
        if (operator instanceof KeyedModel) {
            KeyedModel keyed = (KeyedModel) operator;
            for (TimerModel service : keyed.timers) {
                service.dueRows(keyed.keys).forEach(entry -> rows.add(timer(operator, Json.object("service", service.service, "domain", "processing"), entry)));
            }
        }
        list(expected, "operatorStates").forEach(state -> operatorRows(operator, state, rows));
        return rows;
    }

    private static Map<String, Object> timer(OperatorModel operator, Map<String, Object> service, Map<String, Object> entry) {
        Map<String, Object> row = Json.object("uid", operator.uid, "state", "_timer_state/" + service.get("domain") + "_" + service.get("service"),
                "kind", "timer", "domain", service.get("domain"), "service", service.get("service"));
        row.putAll(entry);
        return placed(operator, row);
    }

    private static Map<String, Object> placed(OperatorModel operator, Map<String, Object> row) {
        Integer keyGroup = operator.keyGroup(Json.text(row.get("key")));
        if (keyGroup != null) {
            row.put("keyGroup", keyGroup);
        }
        return row;
    }

    private static void operatorRows(OperatorModel operator, Map<String, Object> state, List<Map<String, Object>> rows) {
        Map<String, Object> row = Json.object("uid", operator.uid, "state", state.get("name"));
        if (state.containsKey("entriesInEverySubtask")) {
            for (Object pair : (List<?>) state.get("entriesInEverySubtask")) {
                Map<String, Object> entry = new LinkedHashMap<>(row);
                entry.put("kind", "broadcast");
                entry.put("mapKey", ((List<?>) pair).get(0));
                entry.put("value", ((List<?>) pair).get(1));
                rows.add(entry);
            }
            return;
        }
        int subtask = 0;
        for (Object elements : (List<?>) state.get("perSubtask")) {
            for (Object element : (List<?>) elements) {
                Map<String, Object> entry = new LinkedHashMap<>(row);
                entry.put("kind", state.get("mode").equals("UNION") ? "operator-union" : "operator-list");
                entry.put("subtask", subtask % operator.parallelism);
                entry.put("value", element);
                rows.add(entry);
            }
            subtask++;
        }
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> list(Map<String, Object> object, String member) {
        return (List<Map<String, Object>>) object.getOrDefault(member, List.of());
    }

    private final class Types implements PlanTypes {
        private final ExecutionConfig config = new ExecutionConfig();
        private final Describe describe = new Describe(model.registeredPojos, config);

        @Override
        public boolean isDescribed() {
            return isDescribed;
        }

        @Override
        public Object of(TypeInformation<?> type) {
            Object described = isDescribed ? describe.type(type) : null;
            return described != null ? described : of(Flink.serializer(type, config));
        }

        @Override
        public Object of(TypeSerializer<?> serializer) {
            Object described = isDescribed ? describe.serializer(serializer) : null;
            if (described != null) {
                return described;
            }
            notDescribed++;
            try {
                DataOutputSerializer out = new DataOutputSerializer(256);
                out.writeInt(2);
                TypeSerializerSnapshot.writeVersionedSnapshot(out, serializer.snapshotConfiguration());
                return Json.object("snapshot", Base64.getEncoder().encodeToString(out.getCopyOfBuffer()));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
