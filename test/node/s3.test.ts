import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gcsOptions, type S3Options, s3Options } from '../../src/node/s3.ts'

const HOME = mkdtempSync(join(tmpdir(), 'kobel-home-'))
after(() => rmSync(HOME, { recursive: true, force: true }))
mkdirSync(join(HOME, '.aws'))
writeFileSync(
  join(HOME, '.aws/config'),
  `[default]
region = eu-west-1
s3 =
  region = no
# a comment
[profile  minio]
region=local
endpoint_url = http://127.0.0.1:9000
[profile sso]
sso_session = acme
region = us-west-2
[profile plain]
region = us-east-2
`,
)
writeFileSync(
  join(HOME, '.aws/credentials'),
  `[default]
aws_access_key_id = DEFAULT
aws_secret_access_key = s/ecret+=
[minio]
aws_access_key_id=MINIO
aws_secret_access_key=secret
aws_session_token=token
`,
)

const defined = (options: S3Options): object => JSON.parse(JSON.stringify(options))

test('the default profile', async () => {
  assert.deepEqual(defined(await s3Options({ HOME })), {
    region: 'eu-west-1',
    credentials: { accessKeyId: 'DEFAULT', secretAccessKey: 's/ecret+=' },
  })
})

test('a named profile', async () => {
  assert.deepEqual(defined(await s3Options({ HOME, AWS_PROFILE: 'minio' })), {
    region: 'local',
    endpoint: 'http://127.0.0.1:9000',
    credentials: { accessKeyId: 'MINIO', secretAccessKey: 'secret', sessionToken: 'token' },
  })
  assert.deepEqual(defined(await s3Options({ HOME, AWS_PROFILE: 'plain' })), { region: 'us-east-2' })
  await assert.rejects(s3Options({ HOME, AWS_PROFILE: 'none' }), { code: 'USAGE' })
  await assert.rejects(s3Options({ HOME, AWS_PROFILE: 'sso' }), /export-credentials --profile sso/)
})

test('variables go before profiles', async () => {
  const env = { HOME, AWS_PROFILE: 'sso', AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'B', AWS_REGION: 'r' }
  assert.deepEqual(defined(await s3Options(env)), {
    region: 'r',
    credentials: { accessKeyId: 'A', secretAccessKey: 'B' },
  })
  const endpoints = { ...env, AWS_ENDPOINT_URL: 'http://all', AWS_ENDPOINT_URL_S3: 'http://s3', AWS_SESSION_TOKEN: 'T' }
  const { endpoint, credentials } = await s3Options(endpoints)
  assert.equal(endpoint, 'http://s3')
  assert.deepEqual(credentials, { accessKeyId: 'A', secretAccessKey: 'B', sessionToken: 'T' })
})

test('no files, no variables: requests are not signed', async () => {
  assert.deepEqual(defined(await s3Options({ HOME: join(HOME, 'none') })), {})
  assert.deepEqual(defined(gcsOptions({})), {})
})

test('Google Cloud Storage', () => {
  assert.deepEqual(defined(gcsOptions({ GOOGLE_OAUTH_ACCESS_TOKEN: 't' })), { bearerToken: 't' })
  assert.deepEqual(
    defined(
      gcsOptions({ GS_ACCESS_KEY_ID: 'G', GS_SECRET_ACCESS_KEY: 'S', STORAGE_EMULATOR_HOST: 'http://127.0.0.1:1' }),
    ),
    { endpoint: 'http://127.0.0.1:1', credentials: { accessKeyId: 'G', secretAccessKey: 'S' } },
  )
})
