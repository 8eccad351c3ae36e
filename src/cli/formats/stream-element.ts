import type { StreamElement } from '../../format/channel-state.ts'
import { longJson, valueToJson } from '../../serializer/interpreter/json.ts'
import type { Layout } from '../../serializer/layout.ts'

/** A stream element as JSON: records by their members `timestamp` and `value`, others by a member of their kind. */
export function streamElementJson(element: StreamElement, layout: Layout): string {
  switch (element.kind) {
    case 'record': {
      const timestamp = element.timestamp === undefined ? '' : `"timestamp":${longJson(element.timestamp)},`
      return `{${timestamp}"value":${valueToJson(layout, element.value)}}`
    }
    case 'watermark':
      return `{"watermark":${longJson(element.timestamp)}}`
    case 'internal-watermark':
      return `{"watermark":${longJson(element.timestamp)},"subpartitionIndex":${element.subpartitionIndex}}`
    case 'latency-marker':
      return `{"latencyMarker":{"markedTime":${longJson(element.markedTime)},"operatorId":"${element.operatorId}","subtaskIndex":${element.subtaskIndex}}}`
    case 'watermark-status':
      return `{"watermarkStatus":"${element.idle ? 'idle' : 'active'}"}`
    case 'record-attributes':
      return `{"recordAttributes":{"backlog":${element.backlog}}}`
  }
}
