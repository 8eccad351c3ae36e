import type { Store } from './store.ts'

/** A file that is being written under a name of its own: nobody takes it for whole before it is published. */
export interface StagedFile {
  append(bytes: Uint8Array): Promise<void>
  /**
   * Makes the bytes durable and gives the file its name in its directory. A file of that name is replaced: names are
   * derived from the content, so it holds the same. Gives the name that it has: stores that name a file before its
   * content is known make another one of the same form, which no other attempt has.
   */
  publish(name: string): Promise<string>
  /** Removes what was written. Does nothing after `publish`. */
  abandon(): Promise<void>
}

/** SHA-256 of bytes that come in pieces. */
export interface ContentHash {
  update(bytes: Uint8Array): unknown
  /** 64 hex digits. */
  digest(): string
}

/** A store that can be written to. */
export interface WritableStore extends Store {
  /**
   * Begins a file of a directory, which is made where it is missing. No other writer has the same file.
   * @param partition what its name will begin with.
   */
  stage(directory: string, partition: string): Promise<StagedFile>
  /**
   * Writes a whole file that was not there, durably: others see all of it or nothing.
   * @throws KobelError `CONFLICT` where there is a file of that name.
   */
  writeNew(location: string, bytes: Uint8Array): Promise<void>
  /** Removes a file; none there is fine. */
  remove(location: string): Promise<void>
  /** A quicker SHA-256 than the core's own, where the platform has one. */
  newHash?(): ContentHash
}

/** Bytes written to a temporary place and read back. */
export interface SpillFile {
  append(bytes: Uint8Array): Promise<void>
  /** Bytes `start` to before `end`, of those appended. */
  read(start: number, end: number): Promise<Uint8Array>
  /** Lets go of the file and its bytes. */
  close(): Promise<void>
  /** The number of the open file, by which other threads of the program read it. */
  readonly descriptor?: number
}

/** Where a writer puts what does not fit into memory. */
export interface Spill {
  create(): Promise<SpillFile>
  /** Closes all files that are not closed yet. */
  close(): Promise<void>
}
