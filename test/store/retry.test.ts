import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpStore } from '../../src/store/http.ts'
import { type Fetch, type FetchResponse, request } from '../../src/store/retry.ts'

function answer(status: number, headers: Record<string, string> = {}, body = 'x'): FetchResponse {
  return new Response(status === 204 ? null : body, { status, headers })
}

/** Answers in turn, the last one for ever; counts. */
function answering(...answers: (FetchResponse | Error)[]): { fetch: Fetch; asked: () => number } {
  let asked = 0
  const fetch: Fetch = async () => {
    const next = answers[Math.min(asked++, answers.length - 1)]!
    if (next instanceof Error) throw next
    return next
  }
  return { fetch, asked: () => asked }
}

const ask = async () => ({ method: 'GET', url: 'http://127.0.0.1/', headers: {} }) as const
const QUICK = { firstWaitMs: 1, maxWaitMs: 4 }

test('each try is prepared anew', async () => {
  const { fetch } = answering(answer(503), answer(429), new Error('gone'), answer(200))
  let prepared = 0
  const prepare = async () => {
    prepared++
    return ask()
  }
  assert.equal((await request(fetch, 'x', prepare, QUICK)).status, 200)
  assert.equal(prepared, 4)
})

test('only faults that pass are tried again, and not for ever', async () => {
  for (const status of [400, 401, 403, 404, 409, 416, 501]) {
    const { fetch, asked } = answering(answer(status))
    assert.equal((await request(fetch, 'x', ask, QUICK)).status, status)
    assert.equal(asked(), 1, String(status))
  }
  for (const status of [408, 429, 500, 502, 503, 504]) {
    const { fetch, asked } = answering(...Array.from({ length: 5 }, () => answer(status)))
    assert.equal((await request(fetch, 'x', ask, { ...QUICK, attempts: 5 })).status, status)
    assert.equal(asked(), 5, String(status))
  }
})

test('the wait doubles up to its bound, less a random part', async () => {
  const { fetch } = answering(answer(503), answer(503), answer(503), answer(200))
  const began = performance.now()
  await request(fetch, 'x', ask, { firstWaitMs: 40, maxWaitMs: 60 })
  // 40 + 60 + 60, each at least half.
  assert.ok(performance.now() - began >= 79)
})

test('a server that asks for time gets it, within bounds', async () => {
  const waits = async (value: string, maxWaitMs: number): Promise<number> => {
    const { fetch } = answering(answer(503, { 'retry-after': value }), answer(200))
    const began = performance.now()
    await request(fetch, 'x', ask, { firstWaitMs: 1, maxWaitMs })
    return performance.now() - began
  }
  assert.ok((await waits('1', 5000)) >= 990)
  for (const value of ['3600', 'Fri, 31 Dec 2100 23:59:59 GMT']) {
    const waited = await waits(value, 100)
    assert.ok(waited >= 99 && waited < 60_000, `${value}: ${waited}`)
  }
})

test('what lies behind a failed connection is said', async () => {
  const { fetch } = answering(new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:1') }))
  await assert.rejects(request(fetch, 'file', ask, QUICK), {
    code: 'STORE',
    message: 'the server could not be reached: connect ECONNREFUSED 127.0.0.1:1',
  })
})

test('a server that says nothing is given up', async () => {
  const fetch: Fetch = (_, { signal }) =>
    new Promise((_resolve, reject) => {
      // Timers of signals do not keep Node running.
      const alive = setTimeout(() => undefined, 5000)
      signal.addEventListener('abort', () => {
        clearTimeout(alive)
        reject(signal.reason)
      })
    })
  await assert.rejects(request(fetch, 'x', ask, { ...QUICK, attempts: 2, timeoutMs: 20 }), { code: 'STORE' })
})

test('bytes of another range are not taken', async () => {
  for (const range of ['bytes 10-14/100', 'bytes 0-9/100']) {
    const { fetch } = answering(answer(206, { 'content-range': range }, 'abcde'))
    await assert.rejects(new HttpStore({ fetch }).read('http://127.0.0.1/a', 0, 10), { code: 'STORE' })
  }
  const { fetch } = answering(answer(206, { 'content-range': 'bytes 0-9/10' }, 'abcdefghij'))
  assert.equal((await new HttpStore({ fetch }).read('http://127.0.0.1/a', 0, 3)).length, 3)
})
