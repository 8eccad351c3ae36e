package kobel.conformance.model;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import kobel.conformance.json.Json;
import kobel.conformance.json.Render;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/** A timer service: which timers are registered and deleted in each phase. They are all too late to fire. */
public final class TimerModel {
    /** The two clocks. */
    public enum Domain { EVENT, PROCESSING }

    record Timer(int key, Domain domain, long timestamp, Object namespace) {}

    record Change(int phase, boolean isDelete, Timer timer) {}

    public final String service;
    /** Null: VoidNamespace. */
    public final TypeInformation<?> namespaceType;
    final List<Change> changes = new ArrayList<>();

    /** Timers of the processing time that a written savepoint has and whose time is past: they fire once it is restored. */
    final List<Timer> due = new ArrayList<>();

    public TimerModel(String service, TypeInformation<?> namespaceType) {
        this.service = service;
        this.namespaceType = namespaceType;
    }

    public TimerModel register(int phase, int key, Domain domain, long timestamp, Object namespace) {
        changes.add(new Change(phase, false, new Timer(key, domain, timestamp, namespace)));
        return this;
    }

    public TimerModel delete(int phase, int key, Domain domain, long timestamp, Object namespace) {
        changes.add(new Change(phase, true, new Timer(key, domain, timestamp, namespace)));
        return this;
    }

    public TimerModel due(int key, long timestamp, Object namespace) {
        due.add(new Timer(key, Domain.PROCESSING, timestamp, namespace));
        return this;
    }

    /** As if the first phase had not been. */
    public void forget() {
        changes.removeIf(change -> change.phase == 0);
    }

    /** Moves the timers of the phase's event time. */
    public void shift(int phase, long millis) {
        changes.replaceAll(change -> change.phase != phase || change.timer.domain != Domain.EVENT ? change : new Change(phase, change.isDelete,
                new Timer(change.timer.key, Domain.EVENT, change.timer.timestamp + millis, change.timer.namespace)));
    }

    boolean isOf(Object namespace) {
        return namespace == null ? namespaceType == null : namespaceType != null && namespaceType.getTypeClass().isInstance(namespace);
    }

    Map<String, Object> plan(PlanTypes types) {
        Map<String, Object> plan = Json.object("name", service, "kind", "timer");
        if (namespaceType != null) {
            plan.put("namespace", types.of(namespaceType));
        }
        return plan;
    }

    /** The timers that are due, as rows. */
    public List<Map<String, Object>> dueRows(List<?> keys) {
        List<Map<String, Object>> rows = new ArrayList<>();
        due.forEach(timer -> rows.add(Json.object("timestamp", Render.json(timer.timestamp), "key", Render.json(keys.get(timer.key)),
                "namespace", Render.json(timer.namespace))));
        return rows;
    }

    Set<Timer> contents(int phases) {
        Set<Timer> timers = new LinkedHashSet<>();
        for (Change change : changes) {
            if (change.phase < phases && change.isDelete) {
                timers.remove(change.timer);
            } else if (change.phase < phases) {
                timers.add(change.timer);
            }
        }
        return timers;
    }

    List<Object> expected(List<?> keys, int phases) {
        List<Object> list = new ArrayList<>();
        for (Domain domain : Domain.values()) {
            List<Object> entries = new ArrayList<>();
            for (Timer timer : contents(phases)) {
                if (timer.domain == domain) {
                    entries.add(Json.object("timestamp", Render.json(timer.timestamp),
                            "key", Render.json(keys.get(timer.key)), "namespace", Render.json(timer.namespace)));
                }
            }
            list.add(Json.object("service", service, "domain", domain.name().toLowerCase(),
                    "namespaceType", namespaceType == null ? "VoidNamespace" : namespaceType.toString(),
                    "entries", Json.sorted(entries)));
        }
        return list;
    }

    /** Texts of the timers, to be compared as sets. */
    Set<String> texts(List<?> keys, int phases) {
        Set<String> texts = new HashSet<>();
        contents(phases).forEach(t -> texts.add(text(t.domain, t.timestamp, keys.get(t.key), t.namespace)));
        return texts;
    }

    static String text(Domain domain, long timestamp, Object key, Object namespace) {
        return domain + " " + timestamp + " " + Json.text(Render.json(key)) + " " + Json.text(Render.json(namespace));
    }
}
