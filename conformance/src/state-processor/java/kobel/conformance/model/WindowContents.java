package kobel.conformance.model;

import java.util.ArrayList;
import java.util.List;
import kobel.conformance.json.Render;
import org.apache.flink.state.api.functions.WindowReaderFunction;
import org.apache.flink.streaming.api.windowing.windows.Window;
import org.apache.flink.util.Collector;

/** Tells what each window holds. */
final class WindowContents extends WindowReaderFunction<Object, String, Long, Window> {
    private static final long serialVersionUID = 1;
    private final int operator;

    WindowContents(int operator) {
        this.operator = operator;
    }

    @Override
    public void readWindow(Long key, Context<Window> context, Iterable<Object> elements, Collector<String> out) {
        List<Object> contents = new ArrayList<>();
        elements.forEach(element -> contents.add(Render.json(element)));
        out.collect(StateProcessor.text(Run.operator(operator), "contents", key, context.window(), contents));
    }
}
