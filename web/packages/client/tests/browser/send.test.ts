import { expect, it, vi } from 'vitest'
import { readProblem } from '../../src/index.js'
import { Server, deferred, freshPage, json, pass, problem, setVisible, settle, settled, signedIn, signedOut, until } from './server.js'

freshPage()

async function ready(options = {}) {
  const server = new Server()
  const client = server.client({ pollMs: false, ...options })
  await settled(client)
  return { server, client }
}

it('pins every request of ours, and touches nobody else\'s [S14]', async () => {
  const { server, client } = await ready()
  await client.fetch('/api/a')
  await client.fetch('/apiary/b')
  await client.fetch('https://elsewhere.example/api/c')
  const [ours, near, far] = server.calls.slice(1)
  expect(ours!.headers.get('BFF-Session')).toBe('s_1')
  expect(ours!.headers.has('BFF-Background')).toBe(false)
  expect(near!.headers.has('BFF-Session')).toBe(false)
  expect(far!.headers.has('BFF-Session')).toBe(false)
})

it('waits for the first answer before anything is sent', async () => {
  const server = new Server()
  await server.client().fetch('/api/a')
  expect(server.calls.map(({ path }) => path)).toEqual([`${server.base}/session`, '/api/a'])
})

it('says anon where nobody is signed in', async () => {
  const server = new Server()
  server.session = signedOut()
  await server.client().fetch('/api/a')
  expect(server.calls[1]!.headers.get('BFF-Session')).toBe('anon')
})

it('marks what is not the doing of a person', async () => {
  const { server, client } = await ready()
  await client.fetch('/api/a', { bff: { background: true } })
  await setVisible(false)
  await client.fetch('/api/b')
  expect(server.to('/api').map(({ headers }) => headers.get('BFF-Background'))).toEqual(['1', '1'])
})

it('hands the API\'s own answers on untouched, its 401 too', async () => {
  const { server, client } = await ready()
  for (const status of [401, 403, 409, 503]) {
    server.replies = [json({ mine: true }, status)]
    const answer = await client.fetch('/api/a')
    expect(answer.status).toBe(status)
    expect(await readProblem(answer)).toBeNull()
    expect(await answer.json()).toEqual({ mine: true })
  }
  expect(server.checks).toBe(1)
  expect(client.getSnapshot().status).toBe('authenticated')
})

it('returns the 401 with its body unread when the session is over', async () => {
  const { server, client } = await ready()
  server.session = signedOut({ ended: 'idle_timeout' })
  const headers = { 'BFF-Error': 'session_expired', 'BFF-Forwarded': 'no' }
  server.replies = [() => new Response('{"request_id":"req_1"}', { status: 401, headers })]
  const answer = await client.fetch('/api/a', { method: 'POST', body: 'x' })
  expect(answer.status).toBe(401)
  expect(answer.bodyUsed).toBe(false)
  expect(await readProblem(answer)).toMatchObject({ code: 'session_expired', info: { requestId: 'req_1', status: 401, forwarded: false } })
  expect(client.getSnapshot()).toMatchObject({ status: 'ended', ended: 'idle_timeout' })
  expect(server.to('/api')).toHaveLength(1)
})

it('asks once for many refusals, adopts the new reference and sends each again [S14]', async () => {
  const { server, client } = await ready()
  server.session = signedIn({ ref: 's_2' })
  server.replies = Array.from({ length: 3 }, () => problem(401, 'session_expired'))
  const answers = await Promise.all([1, 2, 3].map((n) => client.fetch('/api/a', { method: 'POST', body: `${n}` })))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(server.checks).toBe(2)
  expect(server.to('/api').slice(3).map(({ headers }) => headers.get('BFF-Session'))).toEqual(['s_2', 's_2', 's_2'])
})

it('stops at the second refusal', async () => {
  const { server, client } = await ready()
  server.replies = [problem(401, 'session_expired'), problem(401, 'session_expired'), json({ never: true })]
  expect((await client.fetch('/api/a')).status).toBe(401)
  expect(server.to('/api')).toHaveLength(2)
})

it('asks anew when the question under way is older than the request', async () => {
  let time = 1_000_000
  const { server, client } = await ready({ now: () => time })
  const slow = deferred<Response>()
  const original = server.session
  server.session = slow.promise
  void client.session({ fresh: true })
  time += 10
  server.replies = [problem(401, 'session_revoked')]
  const sending = client.fetch('/api/a')
  await until(() => expect(server.to('/api')).toHaveLength(1))
  await settle()
  server.session = signedOut({ ended: 'revoked' })
  slow.resolve(json(original))
  expect((await sending).status).toBe(401)
  expect(client.getSnapshot()).toMatchObject({ status: 'ended', ended: 'revoked' })
})

it('keeps a write while a sign-in is on screen, and sends it when the same person is back', async () => {
  const { server, client } = await ready()
  client.on('ended', () => client.hold())
  server.session = signedOut({ ended: 'idle_timeout' })
  server.replies = [problem(401, 'session_expired')]
  const saving = client.fetch('/api/save', { method: 'POST', body: 'work' })
  await until(() => expect(client.getSnapshot().status).toBe('ended'))
  server.session = signedIn({ ref: 's_9' })
  server.say({ t: 'in' })
  expect((await saving).status).toBe(200)
  expect(server.to('/api').map(({ headers, body }) => [headers.get('BFF-Session'), body])).toEqual([
    ['s_1', 'work'],
    ['s_9', 'work'],
  ])
})

it('never sends the write of one person for another', async () => {
  const { server, client } = await ready()
  client.on('ended', () => client.hold())
  server.session = signedOut()
  server.replies = [problem(401, 'session_expired')]
  const saving = client.fetch('/api/save', { method: 'POST', body: 'work' })
  await until(() => expect(client.getSnapshot().status).toBe('ended'))
  server.session = signedIn({ ref: 's_9', user: { sub: 'bob' } })
  server.say({ t: 'in' })
  expect((await saving).status).toBe(401)
  expect(client.getSnapshot().status).toBe('switched')
  expect(server.to('/api')).toHaveLength(1)
})

it('treats 409 session_changed by who is there: same person again, other person never', async () => {
  const { server, client } = await ready()
  server.session = signedIn({ ref: 's_2' })
  server.replies = [problem(409, 'session_changed')]
  expect((await client.fetch('/api/a', { method: 'POST' })).status).toBe(200)
  server.session = signedIn({ ref: 's_3', user: { sub: 'bob' } })
  server.replies = [problem(409, 'session_changed')]
  const answer = await client.fetch('/api/a', { method: 'POST' })
  expect(answer.status).toBe(409)
  expect(client.getSnapshot().status).toBe('switched')
})

it('tries once more with a fresh reference after csrf_failed, and logs it', async () => {
  const logger = vi.fn()
  const { server, client } = await ready({ logger })
  server.replies = [problem(403, 'csrf_failed'), problem(403, 'csrf_failed'), json({ never: true })]
  expect((await client.fetch('/api/a', { method: 'POST' })).status).toBe(403)
  expect(server.to('/api')).toHaveLength(2)
  expect(logger.mock.calls.filter(([event]) => event === 'csrf_failed')).toHaveLength(2)
})

it('never sends what a visitor asked for as the person who signed in meanwhile', async () => {
  const server = new Server()
  server.session = signedOut()
  const client = server.client({ pollMs: false })
  await client.session()
  server.session = signedIn()
  server.replies = [problem(401, 'session_required')]
  expect((await client.fetch('/api/a', { method: 'POST', body: 'x' })).status).toBe(401)
  expect(client.getSnapshot().status).toBe('authenticated')
  expect(server.to('/api')).toHaveLength(1)
})

it('hands on csrf_failed when it turns out that somebody else is signed in', async () => {
  const { server, client } = await ready()
  server.session = signedIn({ ref: 's_3', user: { sub: 'bob' } })
  server.replies = [problem(403, 'csrf_failed')]
  expect((await client.fetch('/api/a', { method: 'POST' })).status).toBe(403)
  expect(server.to('/api')).toHaveLength(1)
})

it('pauses while a renewal is under way, three rounds at most', async () => {
  vi.useFakeTimers()
  const { server, client } = await ready()
  const busy = () => problem(503, 'refresh_in_progress', { 'Retry-After': '1' })
  server.replies = [busy(), busy(), busy(), json({ done: true })]
  const waiting = client.fetch('/api/a', { method: 'POST', body: 'x' })
  await pass(0)
  const queued = client.fetch('/api/b')
  await pass(500)
  expect(client.getSnapshot().busy).toBe(true)
  expect(server.to('/api')).toHaveLength(1)
  await pass(4000, 8)
  expect((await waiting).status).toBe(200)
  await queued
  expect(client.getSnapshot().busy).toBe(false)
  server.replies = [busy(), busy(), busy(), busy(), json({ never: true })]
  const given = client.fetch('/api/a')
  await pass(10_000, 20)
  expect((await given).status).toBe(503)
})

it('is degraded by an outage and signed in all the same; reads are tried twice, writes once', async () => {
  vi.useFakeTimers()
  const { server, client } = await ready()
  const degraded = vi.fn()
  const recovered = vi.fn()
  client.on('degraded', degraded)
  client.on('recovered', recovered)
  server.replies = [problem(503, 'idp_unavailable', { 'Retry-After': '2' })]
  const write = await client.fetch('/api/a', { method: 'POST', body: 'x' })
  expect(write.status).toBe(503)
  expect(client.getSnapshot()).toMatchObject({ status: 'authenticated', degraded: { code: 'idp_unavailable' } })
  server.replies = [problem(503, 'idp_unavailable', { 'Retry-After': '2' })]
  const read = client.fetch('/api/a')
  await pass(2000)
  expect((await read).status).toBe(200)
  expect(degraded).toHaveBeenCalledOnce()
  expect(recovered).toHaveBeenCalledOnce()
  expect(client.getSnapshot().degraded).toBeNull()
})

it('does not wait for a service that wants more than five seconds', async () => {
  const { server, client } = await ready()
  server.replies = [problem(503, 'idp_unavailable', { 'Retry-After': '60' })]
  expect((await client.fetch('/api/a')).status).toBe(503)
  expect(server.to('/api')).toHaveLength(1)
})

it('asks again at the pace the service named, then 10, 20, 40, 60 s, while somebody looks', async () => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0)
  const { server, client } = await ready()
  server.replies = [problem(503, 'store_unavailable', { 'Retry-After': '3' })]
  server.session = problem(503, 'store_unavailable')
  await client.fetch('/api/a', { method: 'POST' })
  const at: number[] = []
  const began = Date.now()
  let known = server.checks
  for (let second = 0; second < 135; second++) {
    await pass(1000, 1)
    if (server.checks > known) at.push((Date.now() - began) / 1000)
    known = server.checks
  }
  expect(at.slice(0, 5)).toEqual([3, 13, 33, 73, 133])
})

it('never repeats a write of which nobody knows whether it was done', async () => {
  const { server, client } = await ready()
  server.replies = [problem(504, 'upstream_timeout', { 'BFF-Forwarded': 'yes' })]
  expect((await client.fetch('/api/a', { method: 'POST' })).status).toBe(504)
  server.replies = [new TypeError('network')]
  await expect(client.fetch('/api/a', { method: 'POST' })).rejects.toBeInstanceOf(TypeError)
  expect(server.to('/api')).toHaveLength(2)
  expect(client.getSnapshot()).toMatchObject({ status: 'authenticated', degraded: { code: 'unreachable' } })
})

it('repeats a write with an Idempotency-Key', async () => {
  vi.useFakeTimers()
  const { server, client } = await ready()
  server.replies = [problem(504, 'upstream_timeout', { 'BFF-Forwarded': 'yes' })]
  const answer = client.fetch('/api/a', { method: 'POST', headers: { 'Idempotency-Key': 'k' } })
  await pass(1000)
  expect((await answer).status).toBe(200)
})

it('repeats a read once after the network failed, and not while nobody looks', async () => {
  vi.useFakeTimers()
  const { server, client } = await ready()
  const original = new TypeError('network')
  server.replies = [original]
  const read = client.fetch('/api/a')
  await pass(1000)
  expect((await read).status).toBe(200)
  await setVisible(false)
  server.replies = [original, json({ never: true })]
  await expect(client.fetch('/api/a')).rejects.toBe(original)
})

it('never repeats what must not be', async () => {
  const { server, client } = await ready()
  server.replies = [problem(503, 'refresh_in_progress')]
  expect((await client.fetch('/api/a', { bff: { replay: 'never' } })).status).toBe(503)
})

it('lets the caller go: while it waits, while it is delayed, by its own time limit', async () => {
  const { server, client } = await ready()
  const open = client.hold()
  const leave = new AbortController()
  const queued = client.fetch('/api/a', { signal: leave.signal })
  leave.abort()
  await expect(queued).rejects.toMatchObject({ name: 'AbortError' })
  await expect(client.fetch('/api/a', { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ name: 'TimeoutError' })
  open()
  const later = new AbortController()
  server.replies = [problem(503, 'store_unavailable', { 'Retry-After': '5' })]
  const delayed = client.fetch('/api/a', { signal: later.signal })
  await until(() => expect(server.to('/api')).toHaveLength(1))
  later.abort()
  await expect(delayed).rejects.toMatchObject({ name: 'AbortError' })
  expect(server.to('/api')).toHaveLength(1)
})

it('refuses what the queue cannot keep', async () => {
  const { client } = await ready({ queue: { max: 1 } })
  const open = client.hold()
  const first = client.fetch('/api/a')
  await expect(client.fetch('/api/b')).rejects.toMatchObject({ code: 'queue_full' })
  open()
  await first
})

it('learns the deadline from every answer of the API', async () => {
  let time = 1_000_000
  const { server, client } = await ready({ now: () => time })
  time += 60_000
  server.replies = [json({}, 200, { 'BFF-Session-Expires': 'idle=100, abs=25190' })]
  await client.fetch('/api/a')
  expect(client.getSnapshot().session!.deadline).toEqual({ kind: 'idle', at: 1_160_000, extendable: true })
})

it('reports a page where data was asked for, to the log only', async () => {
  const logger = vi.fn()
  const { server, client } = await ready({ logger })
  server.replies = [new Response('<p>', { headers: { 'Content-Type': 'text/html' } })]
  const answer = await client.fetch('/api/a', { headers: { Accept: 'application/json' } })
  expect(await answer.text()).toBe('<p>')
  expect(logger).toHaveBeenCalledWith('bad_response', { status: 200 })
})

it('asks before it sends a stream, when the session may not outlive it', async () => {
  let time = 1_000_000
  const { server, client } = await ready({ now: () => time })
  const stream = () => ({ method: 'POST', body: new ReadableStream(), duplex: 'half' }) as RequestInit
  await client.fetch('/api/a', stream())
  expect(server.checks).toBe(1)
  time += 1_775_000
  server.replies = [problem(503, 'refresh_in_progress')]
  expect((await client.fetch('/api/a', stream())).status).toBe(503)
  expect(server.checks).toBe(2)
  expect(server.to('/api')).toHaveLength(2)
})
