import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fetch } from '../../src/store/retry.ts'
import { type WebHdfsOptions, WebHdfsStore } from '../../src/store/webhdfs.ts'

const STATUS = '{"FileStatus":{"pathSuffix":"","type":"FILE","length":5,"modificationTime":1}}'
const STANDBY =
  '{"RemoteException":{"exception":"StandbyException","message":"Operation category READ is not supported"}}'

async function urlsOf(location: string, options: WebHdfsOptions, fetch: Fetch): Promise<string[]> {
  const urls: string[] = []
  const kept: Fetch = (url, init) => {
    urls.push(url)
    return fetch(url, init)
  }
  const store = new WebHdfsStore({ ...options, fetch: kept, retry: { attempts: 1 } })
  assert.equal(await store.size(location), 5)
  assert.equal(await store.size(location), 5)
  return urls
}

test('URIs of HDFS', () => {
  const store = new WebHdfsStore()
  for (const uri of ['hdfs://ns1/a/b', 'hdfs:///a', 'hdfs://h:8020/a', 'webhdfs://h:9870/a', 'swebhdfs://h:9871/a']) {
    assert.equal(store.locate(uri), uri)
  }
  for (const uri of ['hdfs:/a', 'webhdfs:///a', 'hdfs://h/a/../b', 'hdfs://user@h/a', 'http://h/a']) {
    assert.equal(store.locate(uri), undefined, uri)
  }
})

test('where requests go, and as whom', async () => {
  const fetch: Fetch = async () => new Response(STATUS)
  const first = async (location: string, options: WebHdfsOptions) => (await urlsOf(location, options, fetch))[0]
  const query = 'op=GETFILESTATUS'
  assert.equal(await first('webhdfs://h:9870/a b', {}), `http://h:9870/webhdfs/v1/a%20b?${query}`)
  assert.equal(
    await first('swebhdfs://h:9871/a', { user: 'me&you' }),
    `https://h:9871/webhdfs/v1/a?${query}&user.name=me%26you`,
  )
  const knox = { endpoints: ['https://knox/gateway/default/'], user: 'me', delegationToken: 't' }
  assert.equal(await first('hdfs://ns1/a/', knox), `https://knox/gateway/default/webhdfs/v1/a?${query}&delegation=t`)
  await assert.rejects(new WebHdfsStore().size('hdfs://ns1/a'), { code: 'USAGE' })
})

test('where a name node is on standby or away, the next is asked, and stays', async () => {
  const options = { endpoints: ['http://nn1:9870', 'http://nn2:9870'] }
  const standby: Fetch = async (url) =>
    url.includes('nn1') ? new Response(STANDBY, { status: 403 }) : new Response(STATUS)
  const away: Fetch = async (url) => {
    if (url.includes('nn1')) throw new Error('connection refused')
    return new Response(STATUS)
  }
  for (const fetch of [standby, away]) {
    const hosts = (await urlsOf('hdfs://ns1/a', options, fetch)).map((url) => new URL(url).hostname)
    assert.deepEqual(hosts, ['nn1', 'nn2', 'nn2'])
  }
  const store = new WebHdfsStore({ ...options, fetch: async () => new Response(STANDBY, { status: 403 }) })
  await assert.rejects(store.size('hdfs://ns1/a'), /StandbyException: Operation category READ/)
})

test('answers of something else', async () => {
  for (const body of ['<html>', '{}', '{"FileStatus":{"pathSuffix":"","length":-1}}', '{"FileStatus":null}']) {
    const store = new WebHdfsStore({ endpoints: ['http://h'], fetch: async () => new Response(body) })
    await assert.rejects(store.size('hdfs:///a'), { code: 'STORE' })
    await assert.rejects(store.list('hdfs:///a'), { code: 'STORE' })
  }
})
