import { KobelError } from '../error.ts'
import { type AzureOptions, AzureStore } from '../store/azure.ts'
import { WritableAzureStore } from '../store/azure-writer.ts'
import type { Environment } from './s3.ts'

/** Azure Blob Storage for Node, with credentials of the usual environment. */
export { type AzureOptions, AzureStore, WritableAzureStore }

/** Azure with what the environment says; `options` go before it. */
export function azureFromEnvironment(options: AzureOptions = {}, env: Environment = process.env): AzureStore {
  return new AzureStore(async () => ({ ...azureOptions(env), ...options }))
}

/** A connection string goes before the single variables. */
export function azureOptions(env: Environment): AzureOptions {
  if (env.AZURE_STORAGE_CONNECTION_STRING) return connection(env.AZURE_STORAGE_CONNECTION_STRING)
  return {
    account: env.AZURE_STORAGE_ACCOUNT || undefined,
    accountKey: env.AZURE_STORAGE_KEY || undefined,
    sas: env.AZURE_STORAGE_SAS_TOKEN || undefined,
    bearerToken: env.AZURE_STORAGE_TOKEN || undefined,
  }
}

/** The account that every emulator has, as Azure documents it. */
const EMULATOR: AzureOptions = {
  account: 'devstoreaccount1',
  accountKey: 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
  endpoint: 'http://127.0.0.1:10000/devstoreaccount1',
}

function connection(text: string): AzureOptions {
  const parts = new Map(
    text
      .split(';')
      .filter((part) => part.includes('='))
      .map((part) => [part.slice(0, part.indexOf('=')).trim().toLowerCase(), part.slice(part.indexOf('=') + 1).trim()]),
  )
  const account = parts.get('accountname')
  const sas = parts.get('sharedaccesssignature')
  const suffix = parts.get('endpointsuffix')
  const endpoint =
    parts.get('blobendpoint') ??
    (account && suffix && `${parts.get('defaultendpointsprotocol') ?? 'https'}://${account}.blob.${suffix}`)
  if (parts.get('usedevelopmentstorage') === 'true') return EMULATOR
  if (!account && !endpoint) {
    throw new KobelError('USAGE', 'AZURE_STORAGE_CONNECTION_STRING names neither AccountName nor BlobEndpoint')
  }
  return { account, accountKey: parts.get('accountkey'), sas, endpoint: endpoint || undefined }
}
