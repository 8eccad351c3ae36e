import { KobelError } from '../../error.ts'
import type { Reader } from '../reader.ts'
import type { JavaClassDesc, JavaValue } from './types.ts'

/** `java.io.ObjectStreamConstants.baseWireHandle` */
const BASE_WIRE_HANDLE = 0x7e0000

/** Deeper than anything Flink writes, and far from the end of the call stack. */
const DEPTH_LIMIT = 256

/** How often in one stream a class may turn out to have stored no fields (see `readPart`): bounds the work. */
const RETRY_LIMIT = 16

export interface StreamState {
  readonly reader: Reader
  /** What back references point to, in order of appearance. */
  readonly handles: JavaValue[]
  /** The finished class descriptors. One that is not here yet must not be used: it could be its own superclass. */
  readonly classes: Map<JavaClassDesc, StoringClass | undefined>
  depth: number
  retriesLeft: number
}

/** A class that stores something in each of its objects, and the nearest superclass that does. */
export interface StoringClass {
  readonly classDesc: JavaClassDesc
  readonly above: StoringClass | undefined
}

export function newState(reader: Reader): StreamState {
  return { reader, handles: [], classes: new Map(), depth: 0, retriesLeft: RETRY_LIMIT }
}

export function enter(state: StreamState): void {
  if (state.depth >= DEPTH_LIMIT) {
    throw new KobelError('LIMIT', `Java objects are nested more than ${DEPTH_LIMIT} deep`, {
      offset: state.reader.offset,
    })
  }
  state.depth++
}

export function leave(state: StreamState): void {
  state.depth--
}

/** Gives a value the next handle. */
export function remember<T extends JavaValue>(state: StreamState, value: T): T {
  state.handles.push(value)
  return value
}

/** `TC_REFERENCE i32 handle` */
export function readReference(state: StreamState): JavaValue {
  const at = state.reader.offset
  const index = state.reader.i32() - BASE_WIRE_HANDLE
  const value = state.handles[index]
  if (value === undefined) throw corrupt(`a reference to the Java object ${index} of ${state.handles.length}`, at)
  return value
}

export function corrupt(found: string, offset: number): KobelError {
  return new KobelError('CORRUPT', `the Java object stream is damaged: ${found}`, { offset })
}

/** Where a part of the stream began, to read it once more in another way. */
export interface Mark {
  readonly offset: number
  readonly handles: number
  readonly depth: number
}

export function mark(state: StreamState): Mark {
  return { offset: state.reader.offset, handles: state.handles.length, depth: state.depth }
}

/** False where the stream has been read again too often. */
export function rewind(state: StreamState, to: Mark): boolean {
  if (state.retriesLeft === 0) return false
  state.retriesLeft--
  state.reader.offset = to.offset
  state.handles.length = to.handles
  state.depth = to.depth
  return true
}
