import { expect, it, vi } from 'vitest'
import { Server, deferred, freshPage, json, pass, problem, settled, signedIn, signedOut, until } from './server.js'

freshPage()

it('does nothing until it is used', async () => {
  const server = new Server()
  const client = server.client()
  expect(client.getSnapshot()).toMatchObject({ status: 'loading', busy: false, degraded: null, covered: false })
  expect(server.calls).toEqual([])
})

it('asks once however many ask, and the answer is the snapshot [S14]', async () => {
  const server = new Server()
  const client = server.client()
  client.subscribe(() => {})
  client.subscribe(() => {})
  const [one, two] = await Promise.all([client.session(), client.session()])
  expect(one).toBe(two)
  expect(server.checks).toBe(1)
  expect(client.getSnapshot()).toMatchObject({ status: 'authenticated', user: { sub: 'ada' }, expiring: false })
  expect(client.getSnapshot().session).toBe(one)
})

it('keeps the snapshot, and the user in it, while nothing changes', async () => {
  const server = new Server()
  const client = server.client({ now: () => 1_000_000 })
  await settled(client)
  const was = client.getSnapshot()
  const seen = vi.fn()
  client.subscribe(seen)
  await client.session({ fresh: true })
  expect(server.checks).toBe(2)
  expect(client.getSnapshot()).toBe(was)
  expect(seen).not.toHaveBeenCalled()
})

it('takes a server that does not speak for an outage, never for the end of a session', async () => {
  const server = new Server()
  const client = server.client()
  await settled(client)
  for (const nonsense of [new TypeError('no network'), new Response('<html>portal'), json({}), json(null), problem(503, 'store_unavailable')]) {
    server.session = nonsense as object
    await expect(client.session({ fresh: true })).rejects.toMatchObject({ name: 'BffError' })
    expect(client.getSnapshot()).toMatchObject({ status: 'authenticated' })
    expect(client.getSnapshot().degraded).not.toBeNull()
  }
  server.session = signedIn()
  await client.session({ fresh: true })
  expect(client.getSnapshot().degraded).toBeNull()
})

it('keeps the user when the session has ended, and says why [S15]', async () => {
  const server = new Server()
  const client = server.client()
  const ended = vi.fn()
  client.on('ended', ended)
  await settled(client)
  server.session = signedOut({ ended: 'idle_timeout' })
  expect(await client.session({ fresh: true })).toBeNull()
  expect(client.getSnapshot()).toMatchObject({ status: 'ended', user: { sub: 'ada' }, ended: 'idle_timeout', session: null })
  expect(client.getSnapshot()).toMatchObject({ limitMs: expect.closeTo(1_800_000, -4) })
  expect(ended).toHaveBeenCalledOnce()
})

it.each([
  [{ absolute_lifetime: 28_800 }, 28_800_000],
  [{}, undefined],
])('knows how long sessions last when the server says it: %o', async (more, limitMs) => {
  const server = new Server()
  server.session = signedIn(more)
  const client = server.client()
  await settled(client)
  server.session = signedOut({ ended: 'absolute_timeout' })
  await client.session({ fresh: true })
  expect(client.getSnapshot()).toMatchObject({ status: 'ended', ended: 'absolute_timeout', limitMs })
})

it('is anonymous, not ended, where nobody was signed in; a failed sign-in is told', async () => {
  const server = new Server()
  server.session = signedOut({ login_error: { code: 'access_denied', id: 'req_7' } })
  const client = server.client()
  expect(await client.session()).toBeNull()
  expect(client.getSnapshot()).toMatchObject({ status: 'anonymous', user: null, loginError: { code: 'access_denied', info: { requestId: 'req_7' } } })
})

it('shows busy only when an answer takes longer than 400 ms', async () => {
  vi.useFakeTimers()
  const server = new Server()
  const slow = deferred<Response>()
  server.session = slow.promise
  const client = server.client()
  const seen: boolean[] = []
  client.subscribe(() => seen.push(client.getSnapshot().busy))
  await pass(399)
  expect(seen).toEqual([])
  await pass(1)
  expect(seen).toEqual([true])
  slow.resolve(json(signedIn()))
  await until(() => expect(client.getSnapshot()).toMatchObject({ busy: false, status: 'authenticated' }))
})

it('gives a caller up who gives up, and not the question', async () => {
  const server = new Server()
  const client = server.client()
  const leave = new AbortController()
  const waiting = client.session({ signal: leave.signal })
  leave.abort()
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  await until(() => expect(client.getSnapshot().status).toBe('authenticated'))
})

it('believes the newer answer when two overtake each other', async () => {
  let time = 1_000_000
  const server = new Server()
  const client = server.client({ now: () => time, pollMs: false })
  await settled(client)
  const slow = deferred<Response>()
  server.extended = () => slow.promise as unknown as Response
  const extending = client.extend()
  await until(() => expect(server.to(`${server.base}/session/extend`)).toHaveLength(1))
  time += 1000
  server.session = signedOut({ ended: 'revoked' })
  await client.session({ fresh: true })
  slow.resolve(json(signedIn()))
  await extending.catch(() => {})
  expect(client.getSnapshot()).toMatchObject({ status: 'ended', ended: 'revoked' })
})

it('switches, and does not replace, when somebody else is signed in [S16]', async () => {
  const server = new Server()
  const client = server.client()
  const switched = vi.fn()
  client.on('switched', switched)
  await settled(client)
  sessionStorage.setItem('bff-draft:ada:/:x', '{}')
  server.session = signedIn({ ref: 's_2', user: { sub: 'bob' } })
  await client.session({ fresh: true })
  expect(client.getSnapshot()).toMatchObject({ status: 'switched', user: { sub: 'ada' }, newUser: { sub: 'bob' } })
  expect(switched).toHaveBeenCalledOnce()
  expect(sessionStorage.length).toBe(0)
  await expect(client.fetch('/api/x')).rejects.toMatchObject({ code: 'session_changed' })
  expect(server.to('/api')).toEqual([])
})

it('comes to life again after dispose, and is silent in between', async () => {
  vi.useFakeTimers()
  const server = new Server()
  const client = server.client()
  await settled(client)
  client.dispose()
  await pass(600_000)
  expect(server.checks).toBe(1)
  await client.fetch('/api/x')
  expect(server.to('/api')).toHaveLength(1)
})
