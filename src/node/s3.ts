import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { KobelError } from '../error.ts'
import { gcsStore, type S3Credentials, type S3Options, S3Store } from '../store/s3.ts'
import { WritableS3Store, writableGcsStore } from '../store/s3-writer.ts'

/** S3 and Google Cloud Storage for Node, with credentials of the usual environment. */
export { gcsStore, type S3Credentials, type S3Options, S3Store, WritableS3Store, writableGcsStore }

export type Environment = Readonly<Record<string, string | undefined>>

/** S3 with what the environment and the files of the AWS command line say; `options` go before them. */
export function s3FromEnvironment(options: S3Options = {}, env: Environment = process.env): S3Store {
  return new S3Store(async () => ({ ...(await s3Options(env)), ...options }))
}

/** Google Cloud Storage with what the environment says; `options` go before it. */
export function gcsFromEnvironment(options: S3Options = {}, env: Environment = process.env): S3Store {
  return gcsStore(async () => ({ ...gcsOptions(env), ...options }))
}

/** `AWS_…` variables go before the profile of `~/.aws/config` and `~/.aws/credentials`. */
export async function s3Options(env: Environment): Promise<S3Options> {
  const profile = await readProfile(env)
  const isFromEnv = env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY
  return {
    region: env.AWS_REGION || env.AWS_DEFAULT_REGION || profile.get('region'),
    endpoint: env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || profile.get('endpoint_url'),
    credentials: isFromEnv
      ? {
          accessKeyId: env.AWS_ACCESS_KEY_ID!,
          secretAccessKey: env.AWS_SECRET_ACCESS_KEY!,
          sessionToken: env.AWS_SESSION_TOKEN || undefined,
        }
      : credentialsOf(profile, env),
  }
}

export function gcsOptions(env: Environment): S3Options {
  const { GS_ACCESS_KEY_ID: accessKeyId, GS_SECRET_ACCESS_KEY: secretAccessKey } = env
  return {
    endpoint: env.STORAGE_EMULATOR_HOST || undefined,
    bearerToken: env.GOOGLE_OAUTH_ACCESS_TOKEN || undefined,
    ...(accessKeyId && secretAccessKey && { credentials: { accessKeyId, secretAccessKey } }),
  }
}

type Profile = ReadonlyMap<string, string>

function credentialsOf(profile: Profile, env: Environment): S3Credentials | undefined {
  const accessKeyId = profile.get('aws_access_key_id')
  const secretAccessKey = profile.get('aws_secret_access_key')
  if (accessKeyId && secretAccessKey) {
    return { accessKeyId, secretAccessKey, sessionToken: profile.get('aws_session_token') }
  }
  if (!INDIRECT.some((name) => profile.has(name))) return undefined
  const name = env.AWS_PROFILE ?? 'default'
  throw new KobelError(
    'USAGE',
    `the AWS profile ${name} has no keys of its own: put them into the environment with eval "$(aws configure export-credentials --profile ${name} --format env)"`,
  )
}

/** What a profile has whose keys come from elsewhere. */
const INDIRECT: readonly string[] = ['role_arn', 'sso_session', 'sso_start_url', 'credential_process']

async function readProfile(env: Environment): Promise<Profile> {
  const name = env.AWS_PROFILE || 'default'
  const home = join(env.HOME || homedir(), '.aws')
  const config = await sectionsOf(env.AWS_CONFIG_FILE || join(home, 'config'))
  const credentials = await sectionsOf(env.AWS_SHARED_CREDENTIALS_FILE || join(home, 'credentials'))
  const found = [
    config.get(`profile ${name}`),
    name === 'default' ? config.get(name) : undefined,
    credentials.get(name),
  ]
  if (env.AWS_PROFILE && found.every((each) => each === undefined)) {
    throw new KobelError('USAGE', `there is no AWS profile ${JSON.stringify(name)} (AWS_PROFILE)`)
  }
  return new Map(found.flatMap((section) => [...(section ?? [])]))
}

/** Sections of an ini file as the AWS command line writes them; none where there is no such file. */
async function sectionsOf(file: string): Promise<Map<string, Map<string, string>>> {
  const sections = new Map<string, Map<string, string>>()
  const text = await readFile(file, 'utf8').catch(() => '')
  let section = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\s*\[\s*(.*?)\s*\]/.exec(line)
    if (heading) {
      section = sections.get(heading[1]!.replace(/\s+/g, ' ')) ?? new Map()
      sections.set(heading[1]!.replace(/\s+/g, ' '), section)
      continue
    }
    // Indented lines belong to a setting of settings, none of which matters here.
    const setting = /^([\w-]+)\s*=\s*(.*?)\s*$/.exec(line)
    if (setting) section.set(setting[1]!.toLowerCase(), setting[2]!)
  }
  return sections
}
