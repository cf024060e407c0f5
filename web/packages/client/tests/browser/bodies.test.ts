import { expect, it } from 'vitest'
import { Server, freshPage } from './server.js'

freshPage()

interface Echo {
  readonly times: number
  readonly method: string
  readonly headers: Record<string, string>
  readonly size: number
  readonly text: string
}

/** The script answers for the session, the real network for the API. */
function ready() {
  const server = new Server()
  const real = window.fetch.bind(window)
  const mixed = (input: RequestInfo | URL, init?: RequestInit) =>
    String(input instanceof Request ? input.url : input).includes('/api/') ? real(input, init) : server.fetch(input, init)
  return server.client({ fetch: mixed as typeof fetch, pollMs: false, retry: { maxDelayMs: 20 } })
}

let number = 0
const twice = () => `/api/echo?key=${performance.timeOrigin}-${++number}&refuse=1`

it.each<[string, () => BodyInit, RegExp]>([
  ['text', () => 'hello', /^hello$/],
  ['URLSearchParams', () => new URLSearchParams({ a: '1' }), /^a=1$/],
  ['Blob', () => new Blob(['blob']), /^blob$/],
  ['ArrayBuffer', () => new TextEncoder().encode('bytes').buffer as ArrayBuffer, /^bytes$/],
  ['typed array', () => new TextEncoder().encode('array'), /^array$/],
])('sends %s twice, whole [S14]', async (_, body, expected) => {
  const answer = await ready().fetch(twice(), { method: 'POST', body: body() })
  expect((await answer.json()) as Echo).toMatchObject({ times: 2, method: 'POST', text: expect.stringMatching(expected) })
})

it('sends a form with a file twice', async () => {
  const body = new FormData()
  body.set('name', 'value')
  body.set('file', new File(['x'.repeat(5000)], 'file.txt'))
  const echo = (await (await ready().fetch(twice(), { method: 'POST', body })).json()) as Echo
  expect(echo.times).toBe(2)
  expect(echo.text).toContain('value')
  expect(echo.text).toContain('x'.repeat(5000))
  expect(echo.headers['content-type']).toContain('multipart/form-data')
})

it('sends a Request with a body twice, with its headers', async () => {
  const request = new Request(twice(), { method: 'PUT', body: 'from a Request', headers: { 'X-Mine': '1' } })
  const echo = (await (await ready().fetch(request)).json()) as Echo
  expect(echo).toMatchObject({ times: 2, method: 'PUT', text: 'from a Request' })
  expect(echo.headers['x-mine']).toBe('1')
  expect(echo.headers['bff-session']).toBe('s_1')
})

it('uses up a Request that must not be repeated, without a copy', async () => {
  const request = new Request(twice(), { method: 'POST', body: 'once' })
  const answer = await ready().fetch(request, { bff: { replay: 'never' } })
  expect(answer.status).toBe(503)
  expect(request.bodyUsed).toBe(true)
})

it('lets go a request that is under way', async () => {
  const leave = new AbortController()
  const client = ready()
  await client.session()
  const sending = client.fetch(new Request(twice(), { signal: leave.signal }))
  leave.abort()
  await expect(sending).rejects.toMatchObject({ name: 'AbortError' })
  expect(client.getSnapshot().degraded).toBeNull()
})
