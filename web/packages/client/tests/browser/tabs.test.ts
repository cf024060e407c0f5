import { describe, expect, it, vi } from 'vitest'
import { Server, Stream, deferred, freshPage, pass, setVisible, settle, settled, signedIn, signedOut, truly, until } from './server.js'

freshPage()

const root = document.documentElement

async function ready(options = {}) {
  const server = new Server()
  const client = server.client({ pollMs: false, ...options })
  await settled(client)
  return { server, client }
}

/** Two tabs of one browser: one server, one channel. */
async function two(options = {}) {
  const { server, client: one } = await ready(options)
  const other = server.client({ pollMs: false, ...options })
  await settled(other)
  return { server, one, other }
}

// req: S16
describe('several tabs', () => {
  it('cover at once what may be over, and believe only the server', async () => {
    const { server, client } = await ready()
    const answer = deferred<Response>()
    server.session = answer.promise
    server.say({ t: 'ended', ref: 's_1' })
    await until(() => expect(client.getSnapshot().covered).toBe(true))
    expect(root.inert).toBe(true)
    expect(root.style.opacity).toBe('0')
    expect(client.getSnapshot().status).toBe('authenticated')
    answer.resolve(new Response(JSON.stringify(signedIn())))
    await until(() => expect(client.getSnapshot().covered).toBe(false))
    expect(root.inert).toBe(false)
    expect(client.getSnapshot().status).toBe('authenticated')
  })

  it('hear what is said while the first question is out, and ask again', async () => {
    const server = new Server()
    const answer = deferred<Response>()
    server.session = answer.promise
    const client = server.client({ pollMs: false })
    client.subscribe(() => {})
    await until(() => expect(server.checks).toBe(1))
    server.say({ t: 'ended', ref: 's_1', reason: 'revoked' })
    await settle()
    server.session = signedOut()
    answer.resolve(new Response(JSON.stringify(signedIn())))
    await until(() => expect(client.getSnapshot()).toMatchObject({ status: 'ended', ended: 'revoked' }))
    expect(server.checks).toBe(2)
  })

  it('stay covered, and signed in, while the server does not answer', async () => {
    const { server, client } = await ready()
    server.session = new TypeError('no network')
    server.say({ t: 'ended', ref: 's_1' })
    await until(() => expect(client.getSnapshot().degraded).not.toBeNull())
    expect(client.getSnapshot()).toMatchObject({ covered: true, status: 'authenticated' })
    server.session = signedIn()
    await client.session({ fresh: true })
    expect(client.getSnapshot()).toMatchObject({ covered: false, degraded: null })
  })

  it('are signed out together, and what was shown stays hidden', async () => {
    const { server, one, other } = await two()
    server.session = signedOut()
    await one.logout()
    await until(() => expect(other.getSnapshot()).toMatchObject({ status: 'ended', ended: 'signed_out', covered: true }))
    expect(root.style.opacity).toBe('0')
  })

  it('pass on why a session ended: the server says so once', async () => {
    const { server, one, other } = await two()
    server.session = signedOut({ ended: 'revoked' })
    await one.session({ fresh: true })
    server.session = signedOut()
    await until(() => expect(other.getSnapshot()).toMatchObject({ status: 'ended', ended: 'revoked' }))
  })

  it('stay covered when the end is heard before the sign-out that caused it', async () => {
    const { server, client } = await ready()
    server.session = signedOut()
    server.say({ t: 'ended', ref: 's_1', reason: 'signed_out' })
    await until(() => expect(client.getSnapshot()).toMatchObject({ status: 'ended', ended: 'signed_out', covered: true }))
  })

  it('show the work again when a session ended by itself', async () => {
    const { server, client } = await ready()
    server.session = signedOut({ ended: 'idle_timeout' })
    server.say({ t: 'ended', ref: 's_1' })
    await until(() => expect(client.getSnapshot()).toMatchObject({ status: 'ended', covered: false }))
  })

  it('adopt a longer deadline without a request', async () => {
    const { server, one, other } = await two()
    const checks = server.checks
    server.session = signedIn({ idle_expires_in: 3600 })
    await one.extend()
    await until(() => expect(other.getSnapshot().session!.deadline.at).toBeGreaterThan(Date.now() + 3_000_000))
    expect(server.checks).toBe(checks)
  })

  it('adopt a new reference of the same person silently', async () => {
    const { server, client } = await ready()
    const seen: string[] = []
    client.subscribe(() => seen.push(client.getSnapshot().status))
    server.session = signedIn({ ref: 's_2' })
    server.say({ t: 'in', ref: 's_2' })
    await until(() => expect(client.getSnapshot().session!.ref).toBe('s_2'))
    expect(new Set(seen)).toEqual(new Set(['authenticated']))
  })

  it('are told by the sign-in window, which knows no reference', async () => {
    const server = new Server()
    server.session = signedOut()
    const client = server.client({ pollMs: false })
    await settled(client)
    server.session = signedIn()
    server.say({ t: 'in' })
    await until(() => expect(client.getSnapshot().status).toBe('authenticated'))
  })

  it('do not ask while nobody looks, and do when somebody does', async () => {
    const { server, client } = await ready()
    await setVisible(false)
    server.session = signedIn({ ref: 's_2' })
    server.say({ t: 'in', ref: 's_2' })
    await settle()
    vi.useFakeTimers()
    await pass(2000)
    expect(server.checks).toBe(1)
    await setVisible(true)
    await until(() => expect(client.getSnapshot().session!.ref).toBe('s_2'))
  })

  it('ask within 300 ms, not all in the same moment', async () => {
    vi.useFakeTimers()
    vi.spyOn(Math, 'random').mockReturnValue(0.9)
    const { server, client } = await ready()
    server.say({ t: 'ended', ref: 's_1' })
    await truly(() => expect(client.getSnapshot().covered).toBe(true))
    await pass(260)
    expect(server.checks).toBe(1)
    await pass(40)
    expect(server.checks).toBe(2)
  })

  it('say nothing about a person, and ignore what they do not understand', async () => {
    const { server, client } = await ready()
    const heard: unknown[] = []
    const channel = new BroadcastChannel(`bff:${location.origin}${server.base}`)
    channel.onmessage = ({ data }) => heard.push(data)
    await client.extend()
    server.session = signedOut()
    await client.session({ fresh: true })
    await until(() => expect(heard).toHaveLength(2))
    expect(heard).toEqual([
      { v: 1, t: 'extended', ref: 's_1', left: expect.any(Number), reason: undefined },
      { v: 1, t: 'ended', ref: 's_1', left: undefined, reason: 'unknown' },
    ])
    channel.postMessage({ v: 2, t: 'out' })
    channel.close()
    const checks = server.checks
    await settle()
    expect(server.checks).toBe(checks)
  })

  it('can be told not to talk', async () => {
    const { server, client } = await ready({ sync: false })
    server.say({ t: 'ended', ref: 's_1' })
    await settle()
    expect(client.getSnapshot().covered).toBe(false)
    expect(Stream.all).toEqual([])
  })

  class Refused {
    constructor() {
      throw new DOMException('no storage here', 'SecurityError')
    }
  }

  it.each([
    ['there is no channel', undefined],
    ['the browser refuses one', Refused],
  ])('are safe where %s, only later: each hears the server for itself', async (_, channel) => {
    vi.stubGlobal('BroadcastChannel', channel)
    const { server, one, other } = await two()
    expect((await other.fetch('/api/leads', { method: 'POST', body: '{}' })).status).toBe(200)
    expect(server.to('/api')[0]!.headers.get('BFF-Session')).toBe('s_1')
    await until(() => expect(Stream.open).toHaveLength(2))
    server.session = signedOut()
    await one.logout()
    expect(other.getSnapshot()).toMatchObject({ status: 'authenticated', covered: false })
    Stream.open.at(-1)!.push('ended', { ref: 's_1', reason: 'signed_out' })
    await until(() => expect(other.getSnapshot()).toMatchObject({ status: 'ended', ended: 'signed_out', covered: true }))
  })
})

// req: S16
describe('session events', () => {
  const only = () => {
    const [first, ...more] = Stream.open
    expect(more).toEqual([])
    if (!first) throw new Error('no stream')
    return first
  }
  const stream = () => until(only)

  it('are heard by one tab of the browser, and by another when that one goes', async () => {
    const { server, one, other } = await two()
    const first = await stream()
    expect(first.url).toBe(`${server.base}/events`)
    await settle()
    expect(Stream.all).toHaveLength(1)
    one.dispose()
    await until(() => expect(Stream.all).toHaveLength(2))
    expect(first.readyState).toBe(2)
    expect(await stream()).toBe(Stream.all[1])
    other.dispose()
    await until(() => expect(Stream.open).toEqual([]))
  })

  it('end a session at once, by the server\'s own word', async () => {
    const { server, client } = await ready()
    const events = await stream()
    server.session = signedOut()
    events.push('ended', { ref: 's_1', reason: 'revoked' })
    expect(client.getSnapshot().covered).toBe(true)
    await until(() => expect(client.getSnapshot()).toMatchObject({ status: 'ended', ended: 'revoked', covered: false }))
    expect(events.readyState).toBe(2)
  })

  it('reach the other tabs too', async () => {
    const { server, one, other } = await two()
    const events = await stream()
    server.session = signedIn({ user: { sub: 'ada', name: 'Ada Lovelace' } })
    events.push('changed', { ref: 's_1', reason: 'claims' })
    await until(() => {
      expect(one.getSnapshot().user!.name).toBe('Ada Lovelace')
      expect(other.getSnapshot().user!.name).toBe('Ada Lovelace')
    })
  })

  it('cost no check when nothing has changed', async () => {
    vi.useFakeTimers()
    const { server } = await ready()
    const events = await truly(only)
    events.push('hello', { ref: 's_1', reason: null })
    events.push('refreshed', { ref: 's_1', reason: null })
    await pass(1000)
    expect(server.checks).toBe(1)
    events.push('hello', { ref: 's_2', reason: null })
    await pass(1000)
    expect(server.checks).toBe(2)
  })

  it('are not listened to while nobody looks, or nobody is signed in', async () => {
    const { server, client } = await ready()
    await stream()
    await setVisible(false)
    expect(Stream.open).toEqual([])
    await setVisible(true)
    await stream()
    server.session = signedOut()
    await client.session({ fresh: true })
    expect(Stream.open).toEqual([])
  })

  it('are asked for again at once after a refusal, when the server says that somebody is signed in', async () => {
    vi.useFakeTimers()
    const { server } = await ready({ pollMs: false })
    ;(await truly(only)).fail()
    await truly(() => expect(Stream.all).toHaveLength(2))
    expect(server.checks).toBe(2)
    await truly(only)
  })

  it('are not asked for again after a refusal that meant the end', async () => {
    vi.useFakeTimers()
    const { server, client } = await ready({ pollMs: false })
    server.session = signedOut({ ended: 'revoked' })
    ;(await truly(only)).fail()
    await truly(() => expect(client.getSnapshot()).toMatchObject({ status: 'ended', ended: 'revoked' }))
    await pass(200_000)
    expect(Stream.all).toHaveLength(1)
    server.session = signedIn({ ref: 's_2' })
    await client.session({ fresh: true })
    await truly(() => expect(Stream.all).toHaveLength(2))
  })

  it('are asked for a minute after a second refusal, and are not needed meanwhile', async () => {
    vi.useFakeTimers()
    const { server } = await ready({ pollMs: 20_000 })
    ;(await truly(only)).fail()
    await truly(() => expect(Stream.all).toHaveLength(2))
    ;(await truly(only)).fail()
    await pass(55_000, 8)
    expect(Stream.all).toHaveLength(2)
    expect(server.checks).toBeGreaterThan(2)
    await pass(20_000)
    await truly(() => expect(Stream.all).toHaveLength(3))
    Stream.all[2]!.onopen?.()
    Stream.all[2]!.fail()
    await truly(() => expect(Stream.all).toHaveLength(4))
  })

  it('go with the session: a new one is listened to anew', async () => {
    const { server, client } = await ready()
    const first = await stream()
    server.session = signedIn({ ref: 's_2' })
    await client.session({ fresh: true })
    await until(() => expect(Stream.all).toHaveLength(2))
    expect(first.readyState).toBe(2)
  })

  it('need no locks', async () => {
    vi.spyOn(navigator, 'locks', 'get').mockReturnValue(undefined as unknown as LockManager)
    await ready()
    await stream()
  })
})
