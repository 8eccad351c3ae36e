import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fetch } from '../../src/store/retry.ts'
import { gcsStore, type S3Options, S3Store } from '../../src/store/s3.ts'

interface Asked {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** A `fetch` that keeps what it is asked. */
function recording(answer: (url: string) => Response): { fetch: Fetch; asked: Asked[] } {
  const asked: Asked[] = []
  const fetch: Fetch = async (url, { headers }) => {
    asked.push({ url, headers })
    return answer(url)
  }
  return { fetch, asked }
}

const ok = (): Response => new Response('x', { headers: { 'content-length': '1' } })
const KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }

test('URIs of S3 and of Google Cloud Storage', () => {
  const s3 = new S3Store()
  for (const scheme of ['s3', 's3a', 's3n', 's3p', 'S3A'])
    assert.equal(s3.locate(`${scheme}://b-1.x/a/b`), 's3://b-1.x/a/b')
  assert.equal(s3.locate('s3://bucket/'), 's3://bucket')
  for (const uri of [
    'gs://b/a',
    's3:/b/a',
    's3://',
    's3://b/../a',
    's3://b/./a',
    's3://b@evil/a',
    's3://b:80/a',
    '/s3',
  ]) {
    assert.equal(s3.locate(uri), undefined, uri)
  }
  assert.equal(gcsStore().locate('gs://b/a'), 'gs://b/a')
  assert.equal(gcsStore().locate('s3://b/a'), undefined)
})

test('the bucket is in the host where it can be', async () => {
  const urlOf = async (location: string, options: S3Options): Promise<string> => {
    const { fetch, asked } = recording(ok)
    await new S3Store({ ...options, fetch }).readWhole(location)
    return asked[0]!.url
  }
  assert.equal(await urlOf('s3://flink/a b/c', {}), 'https://flink.s3.us-east-1.amazonaws.com/a%20b/c')
  assert.equal(await urlOf('s3://a.dot/c', { region: 'eu-west-1' }), 'https://s3.eu-west-1.amazonaws.com/a.dot/c')
  assert.equal(await urlOf('s3://flink/c', { endpoint: 'http://h:9000/x/' }), 'http://h:9000/x/flink/c')
  assert.equal(await urlOf('s3://flink/c', { endpoint: 'http://h:9000', pathStyle: false }), 'http://flink.h:9000/c')
  assert.equal(await urlOf('s3://flink/c', { pathStyle: true }), 'https://s3.us-east-1.amazonaws.com/flink/c')
  const { fetch, asked } = recording(ok)
  await gcsStore({ fetch, bearerToken: 'token' }).readWhole('gs://flink/a+b')
  assert.equal(asked[0]!.url, 'https://storage.googleapis.com/flink/a%2Bb')
  assert.equal(asked[0]!.headers.authorization, 'Bearer token')
})

test('requests are signed with what there is; packing is never asked for', async () => {
  const { fetch, asked } = recording(ok)
  await new S3Store({ fetch, credentials: { ...KEY, sessionToken: 'session' } }).readWhole('s3://flink/a')
  await new S3Store({ fetch }).readWhole('s3://flink/a')
  const [signed, plain] = asked
  assert.match(
    signed!.headers.authorization!,
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/us-east-1\/s3\/aws4_request/,
  )
  assert.equal(signed!.headers['x-amz-security-token'], 'session')
  assert.ok(!/SignedHeaders=[^,]*accept-encoding/.test(signed!.headers.authorization!))
  assert.deepEqual(plain!.headers, { 'accept-encoding': 'identity' })
  assert.equal(signed!.headers['accept-encoding'], 'identity')
})

test('a bucket elsewhere is asked there, from then on', async () => {
  const { fetch, asked } = recording((url) =>
    url.includes('.eu-central-1.')
      ? ok()
      : new Response(null, { status: 400, headers: { 'x-amz-bucket-region': 'eu-central-1' } }),
  )
  const store = new S3Store({ fetch, credentials: KEY })
  assert.equal(await store.size('s3://flink/a'), 1)
  assert.equal(await store.size('s3://flink/a'), 1)
  assert.deepEqual(
    asked.map(({ url, headers }) => [new URL(url).host, headers.authorization!.split('/')[2]]),
    [
      ['flink.s3.us-east-1.amazonaws.com', 'us-east-1'],
      ['flink.s3.eu-central-1.amazonaws.com', 'eu-central-1'],
      ['flink.s3.eu-central-1.amazonaws.com', 'eu-central-1'],
    ],
  )
})

test('a refusal says what the server says, and that no credentials were there', async () => {
  const xml =
    '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access &lt;Denied&gt;\u001b[31m</Message></Error>'
  const { fetch } = recording(() => new Response(xml, { status: 403 }))
  await assert.rejects(new S3Store({ fetch, credentials: KEY }).readWhole('s3://flink/a'), {
    code: 'STORE',
    message: 'the server refuses access (status 403): AccessDenied: Access <Denied> [31m',
  })
  await assert.rejects(new S3Store({ fetch }).readWhole('s3://flink/a'), /no credentials were found/)
})

/** As S3 answers; the element order is its own. */
const LISTING = `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>flink</Name><Prefix>ckp/</Prefix>
<KeyCount>6</KeyCount><MaxKeys>1000</MaxKeys><Delimiter>/</Delimiter><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>
<Contents><Key>ckp/</Key><LastModified>2024-05-01T10:00:00.000Z</LastModified><ETag>&quot;d4&quot;</ETag><Size>0</Size></Contents>
<Contents><Key>ckp/chk-1_%24folder%24</Key><LastModified>2024-05-01T10:00:00.000Z</LastModified><Size>0</Size></Contents>
<Contents><Key>ckp/a+b%2Bc%26.bin</Key><LastModified>2024-05-01T10:00:00.000Z</LastModified><Size>12</Size><Owner><ID>1</ID></Owner></Contents>
<Contents><Key>ckp/chk-1</Key><LastModified>2024-05-01T10:00:00.000Z</LastModified><Size>0</Size></Contents>
<CommonPrefixes><Prefix>ckp/chk-1/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>ckp/chk-2/</Prefix></CommonPrefixes></ListBucketResult>`

test('listings: encoded names, marks of directories, a directory before a file of its name', async () => {
  const { fetch, asked } = recording(() => new Response(LISTING))
  const modified = Date.UTC(2024, 4, 1, 10)
  assert.deepEqual(await new S3Store({ fetch }).list('s3://flink/ckp/'), [
    { name: 'chk-1', location: 's3://flink/ckp/chk-1', directory: true },
    { name: 'chk-2', location: 's3://flink/ckp/chk-2', directory: true },
    { name: 'a b+c&.bin', location: 's3://flink/ckp/a b+c&.bin', directory: false, size: 12, modified },
  ])
  assert.equal(new URL(asked[0]!.url).search, '?delimiter=%2F&encoding-type=url&list-type=2&prefix=ckp%2F')
})

test('a listing that goes round in circles ends', async () => {
  const page =
    '<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>'
  const { fetch, asked } = recording(() => new Response(page))
  await assert.rejects(new S3Store({ fetch }).list('s3://flink'), { code: 'STORE' })
  assert.equal(asked.length, 2)
})
