package kobel.conformance.jobs;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import kobel.conformance.model.BroadcastModel;
import kobel.conformance.model.JobModel;
import kobel.conformance.model.OperatorStateModel;
import kobel.conformance.model.OperatorStateModel.Mode;
import kobel.conformance.samples.BasicSamples;
import kobel.conformance.types.Pojos.Address;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;

/** List, union and broadcast operator state of several types, empty ones too, and an operator with keyed and broadcast state. */
public final class OperatorStateJob {
    private OperatorStateJob() {}

    public static JobModel model() {
        return new JobModel("opstate")
                .add(operator("opstate-three", 3))
                .add(operator("opstate-one", 1))
                .add(new BroadcastModel("opstate-keyed-broadcast", 3));
    }

    private static OperatorStateModel operator(String uid, int parallelism) {
        List<List<Object>> numbers = perSubtask(parallelism);
        List<List<Object>> pairs = perSubtask(parallelism);
        List<List<Object>> pojos = perSubtask(parallelism);
        for (int i = 0; i < 20; i++) {
            // The last of three subtasks gets none of the pairs.
            numbers.get(i % parallelism).add(i * 1_000_000_007L);
            pairs.get(parallelism == 3 ? i % 2 : 0).add(Tuple2.of("pair " + i, i % 5 == 0 ? null : String.valueOf(i)));
            pojos.get(i * i % parallelism).add(new Address(i % 4 == 0 ? null : "street " + i, i));
        }
        Map<Object, Object> rules = new TreeMap<>();
        rules.put("", 0L);
        rules.put("limit", Long.MAX_VALUE);
        rules.put(BasicSamples.ODD_TEXT, -1L);
        Map<Object, Object> lists = new TreeMap<>();
        lists.put(1, Arrays.asList("a", ""));
        lists.put(2, new ArrayList<>());
        return new OperatorStateModel(uid, parallelism, 128)
                .list("numbers", Mode.SPLIT_DISTRIBUTE, Types.LONG, numbers)
                .list("pairs", Mode.SPLIT_DISTRIBUTE, Types.TUPLE(Types.STRING, Types.STRING), pairs)
                .list("empty list", Mode.SPLIT_DISTRIBUTE, Types.STRING, perSubtask(parallelism))
                .list("pojos", Mode.UNION, Types.POJO(Address.class), pojos)
                .list("empty union", Mode.UNION, Types.INT, perSubtask(parallelism))
                .broadcast("rules", Types.STRING, Types.LONG, rules)
                .broadcast("lists", Types.INT, Types.LIST(Types.STRING), lists)
                .broadcast("empty broadcast", Types.INT, Types.INT, Map.of());
    }

    private static List<List<Object>> perSubtask(int parallelism) {
        List<List<Object>> lists = new ArrayList<>();
        for (int i = 0; i < parallelism; i++) {
            lists.add(new ArrayList<>());
        }
        return lists;
    }
}
