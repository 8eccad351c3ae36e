import { resolve } from 'node:path'
import { KobelError } from '../error.ts'
import { CachingStore } from '../store/cache.ts'
import { CompositeStore } from '../store/composite.ts'
import { FileStore } from '../store/file.ts'
import { HttpStore } from '../store/http.ts'
import type { Store } from '../store/store.ts'
import { azureFromEnvironment, azureOptions } from './azure.ts'
import { type Environment, gcsFromEnvironment, s3FromEnvironment } from './s3.ts'
import { webHdfsFromEnvironment } from './webhdfs.ts'

export interface OpenedStore {
  readonly store: Store
  /** Where the store has the path. */
  readonly location: string
}

/**
 * The store of a path or URL. It also has what a snapshot there can name elsewhere: other buckets, other schemes. Nothing
 * is asked of a remote store, and no credentials are read, before a file in it is needed.
 *
 * Files of this machine and plain HTTP are only read for paths that name them, never because a snapshot elsewhere says so.
 *
 * @throws KobelError `USAGE` for a scheme that no store has.
 */
export function openStore(path: string, env: Environment = process.env): OpenedStore {
  const [plain, sas] = splitSas(path)
  const azure = sas === undefined ? azureFromEnvironment({}, env) : azureFromEnvironment(withSas(plain, sas, env), env)
  const objects = [s3FromEnvironment({}, env), gcsFromEnvironment({}, env), azure, webHdfsFromEnvironment({}, env)]
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(plain)?.[1]?.toLowerCase()
  if (scheme === undefined || scheme === 'file') {
    const files = new FileStore()
    const store = new CompositeStore([files, new CachingStore(new CompositeStore(objects))])
    return { store, location: files.locate(plain) ?? resolve(plain) }
  }
  const isHttp = scheme === 'http' || scheme === 'https'
  const store = new CachingStore(new CompositeStore(isHttp ? [...objects, new HttpStore()] : objects))
  const location = store.locate(plain)
  if (location !== undefined) return { store, location }
  throw new KobelError(
    'USAGE',
    `no store reads ${JSON.stringify(plain)}: paths, file, http, https, s3, s3a, gs, abfs, abfss, wasb, wasbs, hdfs, webhdfs and swebhdfs are read`,
  )
}

/** A blob's URL may carry its shared access signature. */
function splitSas(path: string): [string, string | undefined] {
  const match = /^(https:\/\/[a-z0-9]+\.(?:blob|dfs)\.[^?]+)\?(.*\bsig=.*)$/i.exec(path)
  return match ? [match[1]!, match[2]!] : [path, undefined]
}

/** A signature in a URL is for that URL's account, whatever else the environment says. */
function withSas(url: string, sas: string, env: Environment): ReturnType<typeof azureOptions> {
  const { host } = new URL(url)
  const endpoint = `https://${host.replace(/^([a-z0-9]+)\.dfs\./, '$1.blob.')}`
  const account = host.split('.')[0]!
  const own = azureOptions(env)
  const isOwn = own.account === account && own.endpoint !== undefined
  return { account, sas, accountKey: undefined, bearerToken: undefined, endpoint: isOwn ? own.endpoint : endpoint }
}
