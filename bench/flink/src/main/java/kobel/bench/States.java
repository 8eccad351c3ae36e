package kobel.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.state.api.functions.KeyedStateBootstrapFunction;
import org.apache.flink.state.api.functions.KeyedStateReaderFunction;
import org.apache.flink.util.Collector;

/** Functions that put a case into state, and that read it: a reader gives one number a key, whose sum is the checksum. */
final class States {
  static final ValueStateDescriptor<Long> NUMBER = new ValueStateDescriptor<>("v", Types.LONG);
  static final ValueStateDescriptor<User> USER = new ValueStateDescriptor<>("user", Types.POJO(User.class));
  static final MapStateDescriptor<String, Double> MAP = new MapStateDescriptor<>("m", Types.STRING, Types.DOUBLE);
  static final ListStateDescriptor<Long> LIST = new ListStateDescriptor<>("l", Types.LONG);

  static class WriteA extends KeyedStateBootstrapFunction<Long, Long> {
    private transient ValueState<Long> number;

    @Override
    public void open(OpenContext context) {
      number = getRuntimeContext().getState(NUMBER);
    }

    @Override
    public void processElement(Long i, Context context) throws Exception {
      number.update(Cases.mixed(i));
    }
  }

  static class WriteB extends KeyedStateBootstrapFunction<String, Long> {
    private transient ValueState<User> user;

    @Override
    public void open(OpenContext context) {
      user = getRuntimeContext().getState(USER);
    }

    @Override
    public void processElement(Long i, Context context) throws Exception {
      user.update(Cases.user(i));
    }
  }

  static class WriteC extends KeyedStateBootstrapFunction<Long, Long> {
    private transient MapState<String, Double> map;
    private transient ListState<Long> list;

    @Override
    public void open(OpenContext context) {
      map = getRuntimeContext().getMapState(MAP);
      list = getRuntimeContext().getListState(LIST);
    }

    @Override
    public void processElement(Long i, Context context) throws Exception {
      for (int j = 0; j < Cases.MAP_ENTRIES; j++) map.put(Cases.mapKey(i, j), Cases.mapValue(i, j));
      List<Long> elements = new ArrayList<>();
      for (int j = 0; j < Cases.LIST_ELEMENTS; j++) elements.add(Cases.mixed(i) + j);
      list.update(elements);
    }
  }

  static class ReadA extends KeyedStateReaderFunction<Long, Long> {
    private transient ValueState<Long> number;

    @Override
    public void open(OpenContext context) {
      number = getRuntimeContext().getState(NUMBER);
    }

    @Override
    public void readKey(Long key, Context context, Collector<Long> out) throws Exception {
      out.collect(number.value() ^ key);
    }
  }

  static class ReadB extends KeyedStateReaderFunction<String, Long> {
    private transient ValueState<User> user;

    @Override
    public void open(OpenContext context) {
      user = getRuntimeContext().getState(USER);
    }

    @Override
    public void readKey(String key, Context context, Collector<Long> out) throws Exception {
      out.collect(Cases.checksum(key, user.value()));
    }
  }

  static class ReadC extends KeyedStateReaderFunction<Long, Long> {
    private transient MapState<String, Double> map;
    private transient ListState<Long> list;

    @Override
    public void open(OpenContext context) {
      map = getRuntimeContext().getMapState(MAP);
      list = getRuntimeContext().getListState(LIST);
    }

    @Override
    public void readKey(Long key, Context context, Collector<Long> out) throws Exception {
      long sum = key;
      for (Map.Entry<String, Double> entry : map.entries()) sum += (long) (entry.getValue() * 4) + entry.getKey().length();
      for (Long element : list.get()) sum += element;
      out.collect(sum);
    }
  }

  private States() {}
}
