import { toBase64 } from '../bytes/encoding.ts'
import { KobelError } from '../error.ts'
import { AzureStore, blobOf, explain } from './azure.ts'
import { failed, type Send } from './http.ts'
import { StagedObject, sameBytes, taken, type Upload } from './object-writer.ts'
import type { Answer } from './retry.ts'
import type { StagedFile, WritableStore } from './writable.ts'

/** Blobs of Azure, also to be written: block blobs, which are there once their list of blocks is. */
export class WritableAzureStore extends AzureStore implements WritableStore {
  async stage(directory: string, partition: string): Promise<StagedFile> {
    return new StagedObject(directory, partition, {
      put: async (location, bytes) => {
        await this.put(location, bytes, {})
      },
      begin: async (location) => this.beginUpload(location),
    })
  }

  /** `If-None-Match: *` makes the server refuse a name that is taken. */
  async writeNew(location: string, bytes: Uint8Array): Promise<void> {
    const answer = await this.put(location, bytes, { 'if-none-match': '*' }, [409, 412])
    // An answer may have been lost, and the request repeated: then it is our own file that is there.
    if (answer.status !== 201 && !(answer.repeated && (await sameBytes(this, location, bytes)))) throw taken(location)
  }

  async remove(location: string): Promise<void> {
    const answer = await (await this.at(location))('DELETE', {})
    if (answer.status !== 202 && answer.status !== 404) throw failure(location, answer)
  }

  private at(location: string, query: ReadonlyMap<string, string> = new Map()): Promise<Send> {
    const blob = blobOf(location)
    if (!blob?.path) throw new KobelError('USAGE', 'a file in a container was expected', { file: location })
    return this.sender(blob, location, query)
  }

  private async put(
    location: string,
    bytes: Uint8Array,
    headers: Record<string, string>,
    expected: readonly number[] = [],
  ): Promise<Answer> {
    const send = await this.at(location)
    const answer = await send('PUT', { ...headers, 'x-ms-blob-type': 'BlockBlob', ...OCTETS }, undefined, bytes)
    if (answer.status === 201 || expected.includes(answer.status)) return answer
    throw failure(location, answer)
  }

  private beginUpload(location: string): Upload {
    const ids: string[] = []
    return {
      part: async (bytes) => {
        const id = toBase64(new TextEncoder().encode(String(ids.length).padStart(6, '0')))
        const query = new Map([
          ['blockid', id],
          ['comp', 'block'],
        ])
        const answer = await (await this.at(location, query))('PUT', { ...OCTETS }, undefined, bytes)
        if (answer.status !== 201) throw failure(location, answer)
        ids.push(id)
      },
      complete: async () => {
        const list = ids.map((id) => `<Latest>${id}</Latest>`).join('')
        const body = new TextEncoder().encode(`<?xml version="1.0" encoding="utf-8"?><BlockList>${list}</BlockList>`)
        const send = await this.at(location, new Map([['comp', 'blocklist']]))
        const answer = await send('PUT', { 'content-type': 'application/xml' }, undefined, body)
        if (answer.status !== 201) throw failure(location, answer)
      },
      // Blocks that no list names are thrown away by Azure after a week.
      abandon: async () => {},
    }
  }
}

const OCTETS = { 'content-type': 'application/octet-stream' } as const

function failure(location: string, answer: Answer): KobelError {
  const { message } = failed(location, answer, explain)
  return new KobelError('STORE', `the file could not be written: ${message}`, { file: location })
}
