package kobel.conformance.model;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;

/** How a plan for writing names types. */
public interface PlanTypes {
    Object of(TypeInformation<?> type);

    Object of(TypeSerializer<?> serializer);

    /** As a person would write it: with windows instead of their states. */
    boolean isDescribed();
}
