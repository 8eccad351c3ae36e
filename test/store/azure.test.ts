import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { azureOptions } from '../../src/node/azure.ts'
import { type AzureOptions, AzureStore, sharedKey } from '../../src/store/azure.ts'
import type { Fetch } from '../../src/store/retry.ts'

/** What is asked for one file with these options. */
async function asked(
  location: string,
  options: AzureOptions,
): Promise<{ url: string; headers: Record<string, string> }> {
  let found: { url: string; headers: Record<string, string> } | undefined
  const fetch: Fetch = async (url, { headers }) => {
    found = { url, headers }
    return new Response('x')
  }
  await new AzureStore({ ...options, fetch }).readWhole(location)
  return found!
}

test('URIs of Azure', () => {
  const store = new AzureStore()
  const located = 'wasbs://ckp@acme.blob.core.windows.net/a/b'
  for (const uri of [
    'wasb://ckp@acme.blob.core.windows.net/a/b',
    'wasbs://ckp@acme.blob.core.windows.net/a/b',
    'abfs://ckp@acme.dfs.core.windows.net/a/b',
    'abfss://ckp@ACME.dfs.core.windows.net/a/b',
    'https://acme.blob.core.windows.net/ckp/a/b',
    'https://acme.dfs.core.windows.net/ckp/a/b',
    located,
  ]) {
    assert.equal(store.locate(uri), located, uri)
  }
  for (const uri of [
    'https://example.org/ckp/a',
    'abfss://acme.dfs.core.windows.net/a',
    'wasb://c@h/../a',
    's3://b/a',
  ]) {
    assert.equal(store.locate(uri), undefined, uri)
  }
})

test('a shared key signs the text that the documentation describes', async () => {
  const key = Buffer.from('a key of the account').toString('base64')
  const headers = { range: 'bytes=0-9', 'x-ms-version': '2021-12-02', 'x-ms-date': 'Fri, 26 Jun 2015 23:39:12 GMT' }
  const query = new Map([
    ['restype', 'container'],
    ['comp', 'list'],
    ['prefix', 'a/b c'],
  ])
  const text = [
    'GET\n\n\n\n\n\n\n\n\n\n\nbytes=0-9',
    'x-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2021-12-02',
    '/acme/ckp/a%20b\ncomp:list\nprefix:a/b c\nrestype:container',
  ].join('\n')
  const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(text, 'utf8').digest('base64')
  const url = 'https://acme.blob.core.windows.net/ckp/a%20b'
  assert.equal(await sharedKey('GET', url, query, headers, 'acme', key), `SharedKey acme:${signature}`)
  await assert.rejects(sharedKey('GET', url, query, headers, 'acme', 'no base64!'), { code: 'USAGE' })
})

test('credentials are sent to their own account only', async () => {
  const own = 'abfss://ckp@acme.dfs.core.windows.net/a b'
  const url = 'https://acme.blob.core.windows.net/ckp/a%20b'
  const account = { account: 'acme' }
  assert.equal((await asked(own, { ...account, sas: '?sv=1&sig=x%3D' })).url, `${url}?sv=1&sig=x%3D`)
  assert.equal((await asked(own, { ...account, bearerToken: 't' })).headers.authorization, 'Bearer t')
  assert.match((await asked(own, { ...account, accountKey: 'AAAA' })).headers.authorization!, /^SharedKey acme:/)
  assert.equal(
    (await asked(own, { ...account, endpoint: 'http://127.0.0.1:1/acme/' })).url,
    'http://127.0.0.1:1/acme/ckp/a%20b',
  )
  for (const host of [
    'other.blob.core.windows.net',
    'acme.blob.evil.example',
    'acme.dfs.core.windows.net.evil.example',
  ]) {
    for (const secret of [{ sas: 'sig=x' }, { bearerToken: 't' }, { accountKey: 'AAAA' }]) {
      const { headers, url: sent } = await asked(`wasbs://ckp@${host}/a`, { ...account, ...secret })
      assert.equal(headers.authorization, undefined, host)
      assert.ok(!sent.includes('sig='), host)
    }
  }
})

/** As the Blob service answers, with a directory of Hadoop's client and a name that XML cannot hold. */
const LISTING = `\uFEFF<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="https://acme.blob.core.windows.net/" ContainerName="ckp"><Prefix>x/</Prefix><Delimiter>/</Delimiter><Blobs>
<Blob><Name>x/chk-1</Name><Properties><Last-Modified>Wed, 01 May 2024 10:00:00 GMT</Last-Modified><Content-Length>0</Content-Length></Properties><Metadata><hdi_isfolder>true</hdi_isfolder></Metadata></Blob>
<BlobPrefix><Name>x/chk-1/</Name></BlobPrefix>
<Blob><Name>x/chk-empty</Name><Properties><Content-Length>0</Content-Length></Properties><Metadata><hdi_isfolder>true</hdi_isfolder></Metadata></Blob>
<Blob><Name Encoded="true">x%2Fa%EF%BF%BFb</Name><Properties><Last-Modified>Wed, 01 May 2024 10:00:00 GMT</Last-Modified><Content-Length>7</Content-Length></Properties><Metadata /></Blob>
<Blob><Name>x/a&amp;b%41</Name><Properties><Content-Length>8</Content-Length></Properties><Metadata/></Blob>
</Blobs><NextMarker /></EnumerationResults>`

test('listings: directories of Hadoop, names that are encoded and names that look so', async () => {
  const store = new AzureStore({ fetch: async () => new Response(LISTING) })
  const at = 'wasbs://ckp@acme.blob.core.windows.net/x'
  const modified = Date.UTC(2024, 4, 1, 10)
  assert.deepEqual(await store.list(at), [
    { name: 'chk-1', location: `${at}/chk-1`, directory: true, modified },
    { name: 'chk-empty', location: `${at}/chk-empty`, directory: true },
    { name: 'a\uffffb', location: `${at}/a\uffffb`, directory: false, size: 7, modified },
    { name: 'a&b%41', location: `${at}/a&b%41`, directory: false, size: 8 },
  ])
})

test('the usual environment', () => {
  assert.deepEqual(defined(azureOptions({})), {})
  assert.deepEqual(
    defined(azureOptions({ AZURE_STORAGE_ACCOUNT: 'acme', AZURE_STORAGE_KEY: 'k', AZURE_STORAGE_SAS_TOKEN: 's' })),
    {
      account: 'acme',
      accountKey: 'k',
      sas: 's',
    },
  )
  const connected = (text: string) => defined(azureOptions({ AZURE_STORAGE_CONNECTION_STRING: text }))
  assert.deepEqual(
    connected(
      'DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=a+b/c==;EndpointSuffix=core.chinacloudapi.cn',
    ),
    { account: 'acme', accountKey: 'a+b/c==', endpoint: 'https://acme.blob.core.chinacloudapi.cn' },
  )
  assert.deepEqual(connected('BlobEndpoint=https://acme.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=a%3D'), {
    endpoint: 'https://acme.blob.core.windows.net/',
    sas: 'sv=1&sig=a%3D',
  })
  assert.equal(connected('UseDevelopmentStorage=true').endpoint, 'http://127.0.0.1:10000/devstoreaccount1')
  assert.throws(() => connected('nonsense'), { code: 'USAGE' })
})

function defined(options: AzureOptions): AzureOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
