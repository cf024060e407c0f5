import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Server, freshPage, json, pass, setVisible, settle, settled, signedIn, signedOut, until } from './server.js'

freshPage()
beforeEach(() => void vi.useFakeTimers())

async function ready(options = {}, session: object = signedIn()) {
  const server = new Server()
  server.session = session
  const client = server.client(options)
  await settled(client)
  return { server, client }
}

const type = () => document.body.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true }))

// req: S16
describe('time', () => {
  it('polls once a minute while the page is visible, and not while it is hidden', async () => {
    const { server } = await ready()
    await pass(185_000, 12)
    expect(server.checks).toBe(4)
    await setVisible(false)
    await pass(600_000, 20)
    expect(server.checks).toBe(4)
    await setVisible(true)
    await settle()
    expect(server.checks).toBe(5)
  })

  it('needs no poll while the API answers', async () => {
    const { server, client } = await ready()
    for (let minute = 0; minute < 3; minute++) {
      server.replies = [json({}, 200, { 'BFF-Session-Expires': 'idle=1800, abs=20000' })]
      await client.fetch('/api/x')
      await pass(50_000)
    }
    expect(server.checks).toBe(1)
  })

  it('asks before it warns: another tab may have stayed', async () => {
    const { server, client } = await ready({ pollMs: false }, signedIn({ idle_expires_in: 300 }))
    const expiring = vi.fn()
    client.on('expiring', expiring)
    server.session = signedIn({ idle_expires_in: 300 })
    await pass(185_000, 10)
    expect(server.checks).toBe(2)
    expect(expiring).not.toHaveBeenCalled()
    server.session = signedIn({ idle_expires_in: 110 })
    await pass(185_000, 10)
    expect(expiring).toHaveBeenCalledOnce()
    expect(client.getSnapshot()).toMatchObject({ status: 'authenticated', expiring: true })
  })

  it('warns all the same when nobody can be asked', async () => {
    const { server, client } = await ready({ pollMs: false }, signedIn({ idle_expires_in: 300 }))
    server.session = new TypeError('no network')
    await pass(190_000, 10)
    expect(client.getSnapshot()).toMatchObject({ status: 'authenticated', expiring: true, degraded: { code: 'unreachable' } })
  })

  it('covers the page when its time is over, and goes on when the server says so', async () => {
    const { server, client } = await ready({ pollMs: false }, signedIn({ idle_expires_in: 100 }))
    const covered: boolean[] = []
    client.subscribe(() => covered.push(client.getSnapshot().covered))
    server.session = signedIn({ idle_expires_in: 70 })
    await pass(35_000)
    expect(client.getSnapshot()).toMatchObject({ expiring: true })
    server.session = signedIn()
    await pass(66_000)
    expect(covered).toContain(true)
    expect(client.getSnapshot()).toMatchObject({ status: 'authenticated', covered: false, expiring: false })
  })

  it('ends nothing by itself: only an answer does', async () => {
    const { server, client } = await ready({ pollMs: false }, signedIn({ idle_expires_in: 100 }))
    server.session = new TypeError('no network')
    await pass(400_000, 20)
    expect(client.getSnapshot()).toMatchObject({ status: 'authenticated', covered: true })
    server.session = signedOut()
    await client.session({ fresh: true })
    expect(client.getSnapshot()).toMatchObject({ status: 'ended', ended: 'idle_timeout', covered: false })
  })

  it('asks when it wakes up, though the monotonic clock stood still', async () => {
    const { server, client } = await ready({ pollMs: false })
    await pass(1000, 1)
    // The lid was closed for an hour: the date moved, performance.now() did not, and the server kept the session for another tab.
    vi.setSystemTime(Date.now() + 3_600_000)
    await pass(30_000)
    expect(server.checks).toBeGreaterThanOrEqual(2)
    expect(client.getSnapshot()).toMatchObject({ status: 'authenticated', covered: false })
  })

  it('asks after a sleep that was shorter than the session', async () => {
    const { server } = await ready({ pollMs: false })
    await pass(31_000)
    expect(server.checks).toBe(1)
    vi.setSystemTime(Date.now() + 600_000)
    await pass(31_000)
    expect(server.checks).toBe(2)
  })

  it.each([86_400_000, -86_400_000])('does not mind a clock that is %i ms wrong', async (wrong) => {
    const server = new Server()
    const real = () => Date.now() + wrong
    const client = server.client({ pollMs: false, now: real })
    server.session = signedIn({ idle_expires_in: 300, server_time: new Date().toISOString() })
    await client.session()
    await pass(170_000, 8)
    expect(server.checks).toBe(1)
    expect(client.getSnapshot()).toMatchObject({ status: 'authenticated', expiring: false })
  })

  it('waits a moment after the network is back, and gives up on nothing', async () => {
    const { server, client } = await ready({ pollMs: false })
    server.session = new TypeError('no network')
    window.dispatchEvent(new Event('offline'))
    expect(client.getSnapshot()).toMatchObject({ status: 'authenticated', degraded: { code: 'unreachable' } })
    const online = vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false)
    await pass(120_000, 10)
    expect(server.checks).toBe(1)
    online.mockReturnValue(true)
    window.dispatchEvent(new Event('online'))
    await pass(450, 1)
    expect(server.checks).toBe(1)
    await pass(1100, 1)
    expect(server.checks).toBe(2)
    server.session = signedIn()
    await pass(3000)
    expect(client.getSnapshot().degraded).toBeNull()
  })
})

// req: S16
describe('activity', () => {
  const extensions = (server: Server) => server.to(`${server.base}/session/extend`).length

  it('is told when a quarter of the time has gone, and then seldom', async () => {
    const { server } = await ready({ pollMs: false })
    type()
    await pass(440_000, 16)
    type()
    expect(extensions(server)).toBe(0)
    await pass(20_000)
    server.session = signedIn({ idle_expires_in: 1340 })
    type()
    type()
    await settle()
    expect(extensions(server)).toBe(1)
    await pass(50_000)
    type()
    await settle()
    expect(extensions(server)).toBe(1)
    await pass(20_000)
    type()
    await settle()
    expect(extensions(server)).toBe(2)
  })

  it('is not the bump of a mouse, not what happens on a hidden page, and can be left to requests', async () => {
    const { server } = await ready({ pollMs: false })
    const quiet = new Server()
    await quiet.client({ pollMs: false, activity: 'requests' }).session()
    await pass(600_000, 20)
    document.body.dispatchEvent(new MouseEvent('mousemove', { bubbles: true }))
    await setVisible(false)
    type()
    await settle()
    expect(extensions(server)).toBe(0)
    await setVisible(true)
    type()
    await settle()
    expect(extensions(server)).toBe(1)
    expect(extensions(quiet)).toBe(0)
  })

  it('does not count while the warning is up, nor at the absolute limit', async () => {
    const { server, client } = await ready({ pollMs: false }, signedIn({ idle_expires_in: 100 }))
    server.session = signedIn({ idle_expires_in: 60 })
    const { server: fixed } = await ready({ pollMs: false }, signedIn({ absolute_expires_in: 600 }))
    await pass(41_000, 6)
    expect(client.getSnapshot()).toMatchObject({ expiring: true })
    type()
    await settle()
    expect(extensions(server)).toBe(0)
    await pass(300_000, 10)
    type()
    await settle()
    expect(extensions(fixed)).toBe(0)
  })

  it('that the server refuses leads to one question', async () => {
    const { server, client } = await ready({ pollMs: false })
    server.extended = () => json({ code: 'session_expired' }, 401, { 'BFF-Error': 'session_expired', 'BFF-Forwarded': 'no' })
    server.session = signedOut({ ended: 'revoked' })
    await expect(client.extend()).rejects.toMatchObject({ code: 'session_expired' })
    await until(() => expect(client.getSnapshot()).toMatchObject({ status: 'ended', ended: 'revoked' }))
    expect(server.checks).toBe(2)
  })
})
