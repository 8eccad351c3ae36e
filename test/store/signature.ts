import { createHash, createHmac } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** What a server sees of a request. */
export interface SeenRequest {
  readonly method?: string | undefined
  /** Path and query, as they were sent. */
  readonly url?: string | undefined
  readonly headers: IncomingHttpHeaders
}

/** Whether a request bears the signature of this key (AWS Signature Version 4), as S3 would find: s3rver does not look. */
export function isSigned({ method, url, headers }: SeenRequest, accessKeyId: string, secretAccessKey: string): boolean {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([\da-f]{64})$/.exec(
      headers.authorization ?? '',
    )
  if (!match || match[1] !== accessKeyId) return false
  const [, , day, region, names, signature] = match
  const [path, query = ''] = url!.split('?')
  const canonical = [
    method,
    path,
    query.split('&').sort().join('&'),
    ...names!.split(';').map((name) => `${name}:${headers[name]}`),
    '',
    names,
    headers['x-amz-content-sha256'],
  ].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const hash = createHash('sha256').update(canonical).digest('hex')
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash].join('\n')
  const key = [day!, region!, 's3', 'aws4_request'].reduce<string | Buffer>(
    (from, part) => createHmac('sha256', from).update(part).digest(),
    `AWS4${secretAccessKey}`,
  )
  return createHmac('sha256', key).update(text).digest('hex') === signature
}
