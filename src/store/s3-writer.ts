import { KobelError } from '../error.ts'
import { failed, type Send } from './http.ts'
import { textOf } from './object-path.ts'
import { StagedObject, sameBytes, taken, type Upload } from './object-writer.ts'
import type { Answer } from './retry.ts'
import { GCS_SCHEMES, gcsSettings, type S3Options, S3Store } from './s3.ts'
import type { StagedFile, WritableStore } from './writable.ts'

/** Objects in S3 and in services that speak its protocol, also to be written. */
export class WritableS3Store extends S3Store implements WritableStore {
  /** Nothing is there before it is whole: small files are put at once, larger ones uploaded in parts. */
  async stage(directory: string, partition: string): Promise<StagedFile> {
    return new StagedObject(directory, partition, {
      put: (location, bytes) => this.put(location, bytes, {}).then(() => undefined),
      begin: (location) => this.beginUpload(location),
    })
  }

  /** `If-None-Match: *` makes the server refuse a name that is taken. */
  async writeNew(location: string, bytes: Uint8Array): Promise<void> {
    // Servers that do not know the condition would replace the file.
    if ((await this.size(location)) !== undefined) throw taken(location)
    const answer = await this.put(location, bytes, { 'if-none-match': '*' }, [409, 412])
    if (answer.status === 200) return
    // An answer may have been lost, and the request repeated: then it is our own file that is there.
    if (answer.repeated && (await sameBytes(this, location, bytes))) return
    throw taken(location)
  }

  async remove(location: string): Promise<void> {
    const answer = await (await this.at(location))('DELETE', {})
    if (answer.status !== 204 && answer.status !== 200 && answer.status !== 404)
      throw await this.failure(location, answer)
  }

  private at(location: string, query = ''): Promise<Send> {
    const object = this.objectOf(location)
    if (!object?.key) throw new KobelError('USAGE', 'a file in a bucket was expected', { file: location })
    return this.sender(object, location, query)
  }

  private async put(
    location: string,
    bytes: Uint8Array,
    headers: Record<string, string>,
    expected: readonly number[] = [],
  ): Promise<Answer> {
    const answer = await (await this.at(location))('PUT', headers, undefined, bytes)
    if (answer.status === 200 || expected.includes(answer.status)) return answer
    throw await this.failure(location, answer)
  }

  private async beginUpload(location: string): Promise<Upload> {
    const begun = await (await this.at(location, '?uploads='))('POST', {}, undefined, new Uint8Array(0))
    const id = begun.status === 200 ? textOf(new TextDecoder().decode(begun.bytes), 'UploadId') : undefined
    if (id === undefined) throw await this.failure(location, begun)
    const uploadId = `uploadId=${encodeURIComponent(id)}`
    const tags: string[] = []
    return {
      part: async (bytes) => {
        const send = await this.at(location, `?partNumber=${tags.length + 1}&${uploadId}`)
        const answer = await send('PUT', {}, undefined, bytes)
        const tag = answer.headers.get('etag')
        if (answer.status !== 200 || tag === null) throw await this.failure(location, answer)
        tags.push(tag)
      },
      complete: async () => {
        const parts = tags.map((tag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${tag}</ETag></Part>`)
        const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`
        const answer = await (await this.at(location, `?${uploadId}`))(
          'POST',
          { 'content-type': 'application/xml' },
          undefined,
          new TextEncoder().encode(body),
        )
        // S3 may say 200 first, and then what went wrong.
        const isDone = answer.status === 200 && textOf(new TextDecoder().decode(answer.bytes), 'Code') === undefined
        if (!isDone) throw await this.failure(location, answer)
      },
      abandon: async () => {
        await (await this.at(location, `?${uploadId}`))('DELETE', {})
      },
    }
  }

  private async failure(location: string, answer: Answer): Promise<KobelError> {
    const error = failed(location, answer, await this.explainer())
    return new KobelError('STORE', `the file could not be written: ${error.message}`, { file: location })
  }
}

/** Google Cloud Storage by its XML API, also to be written. */
export function writableGcsStore(settings: S3Options | (() => Promise<S3Options>) = {}): WritableS3Store {
  return new WritableS3Store(gcsSettings(settings), GCS_SCHEMES)
}
