import { describe, expect, it, vi } from 'vitest'
import { createBffClient } from '../../src/index.js'
import { Server, deferred, freshPage, json, pass, problem, settled, signedIn, signedOut, until } from './server.js'

freshPage()

const root = document.documentElement
const page = (type: string, persisted: boolean) => window.dispatchEvent(new PageTransitionEvent(type, { persisted }))

async function ready(session: object = signedIn()) {
  const server = new Server()
  server.session = session
  const client = server.client({ pollMs: false })
  await settled(client)
  return { server, client }
}

// req: S15
describe('signing in', () => {
  it('tells before the page is left, and stays on request', async () => {
    const { server, client } = await ready(signedOut())
    let url = ''
    client.on('before-navigate', (navigation) => {
      url = navigation.url
      navigation.preventDefault()
    })
    history.replaceState(null, '', `${location.pathname}?q=1&r=ä#part`)
    await expect(client.login({ prompt: 'login', loginHint: 'ada@x.example' })).rejects.toMatchObject({ code: 'login_cancelled' })
    const address = new URL(url, location.href)
    expect(address.pathname).toBe(`${server.base}/login`)
    expect(Object.fromEntries(address.searchParams)).toEqual({
      return_to: `${location.pathname}?q=1&r=%C3%A4#part`,
      mode: 'redirect',
      prompt: 'login',
      login_hint: 'ada@x.example',
    })
  })

  it('opens the window inside the click, and says when it is blocked', async () => {
    const { server, client } = await ready(signedOut())
    const open = vi.spyOn(window, 'open').mockReturnValue(null)
    const attempt = client.login({ mode: 'popup', returnTo: '/there' })
    expect(open).toHaveBeenCalledOnce()
    expect(open.mock.calls[0]![0]).toBe(`${server.base}/login?return_to=%2Fthere&mode=popup`)
    await expect(attempt).rejects.toMatchObject({ code: 'popup_blocked' })
  })

  it('is done when the server says so: by a poll, without asking the window', async () => {
    vi.useFakeTimers()
    const { server, client } = await ready(signedOut())
    const popup = { get closed() { throw new Error('must not be read') } } as unknown as Window
    vi.spyOn(window, 'open').mockReturnValue(popup)
    const done = vi.fn()
    client.login({ mode: 'popup' }).then(done)
    await pass(6500, 8)
    expect(server.checks).toBe(3)
    expect(done).not.toHaveBeenCalled()
    server.session = signedIn()
    await pass(3000)
    expect(done).toHaveBeenCalledWith(expect.objectContaining({ ref: 's_1' }))
    const { checks } = server
    await pass(20_000)
    expect(server.checks).toBe(checks)
  })

  it('is asked for when the window gives the focus back', async () => {
    const { server, client } = await ready(signedOut())
    vi.spyOn(window, 'open').mockReturnValue(window)
    const waiting = client.login({ mode: 'popup' })
    server.session = signedIn()
    window.dispatchEvent(new Event('focus'))
    expect((await waiting).user.sub).toBe('ada')
  })

  it('by somebody else is a switch, not a success', async () => {
    const { server, client } = await ready()
    server.session = signedOut({ ended: 'idle_timeout' })
    await client.session({ fresh: true })
    vi.spyOn(window, 'open').mockReturnValue(window)
    const waiting = client.login({ mode: 'popup' })
    server.session = signedIn({ ref: 's_2', user: { sub: 'bob' } })
    server.say({ t: 'in', ref: '' })
    await expect(waiting).rejects.toMatchObject({ code: 'session_changed' })
    expect(client.getSnapshot().status).toBe('switched')
  })

  it('gives up after five minutes, and when the caller does', async () => {
    vi.useFakeTimers()
    const { client } = await ready(signedOut())
    vi.spyOn(window, 'open').mockReturnValue(window)
    const leave = new AbortController()
    const left = expect(client.login({ mode: 'popup', signal: leave.signal })).rejects.toMatchObject({ name: 'AbortError' })
    leave.abort()
    await left
    const late = expect(client.login({ mode: 'popup' })).rejects.toMatchObject({ code: 'login_timeout' })
    await pass(300_001, 20)
    await late
  })

  it('that failed says why', async () => {
    const { server, client } = await ready(signedOut())
    vi.spyOn(window, 'open').mockReturnValue(window)
    const waiting = client.login({ mode: 'popup' })
    server.session = signedOut({ login_error: { code: 'access_denied', id: 'req_8' } })
    window.dispatchEvent(new Event('focus'))
    await expect(waiting).rejects.toMatchObject({ code: 'access_denied', info: { requestId: 'req_8' } })
  })
})

// req: S15
describe('signing out', () => {
  it('ends at the server first, then everywhere here', async () => {
    const { server, client } = await ready()
    sessionStorage.setItem('bff-draft:ada:/:x', '{}')
    sessionStorage.setItem('mine', 'stays')
    await client.logout({ everywhere: true, returnTo: '/bye' })
    const [call] = server.to(`${server.base}/logout`)
    expect(call).toMatchObject({ method: 'POST', path: `${server.base}/logout?everywhere=1&return_to=%2Fbye` })
    expect(call!.headers.get('BFF-Session')).toBe('s_1')
    expect(Object.keys(sessionStorage)).toEqual(['mine'])
    expect(location.hash).toBe('#out')
  })

  it('sends nothing more while it is under way', async () => {
    const { server, client } = await ready()
    const answer = deferred<Response>()
    server.loggedOut = () => answer.promise as unknown as Response
    const leaving = client.logout()
    const late = client.fetch('/api/late').catch(() => 'never')
    await until(() => expect(server.to(`${server.base}/logout`)).toHaveLength(1))
    expect(server.to('/api')).toEqual([])
    answer.resolve(json({ redirect_to: '#out' }))
    await leaving
    expect(server.to('/api')).toEqual([])
    void late
  })

  it('never pretends', async () => {
    const { server, client } = await ready()
    sessionStorage.setItem('bff-draft:ada:/:x', '{}')
    server.loggedOut = () => {
      throw new TypeError('no network')
    }
    server.session = new TypeError('no network')
    await expect(client.logout()).rejects.toMatchObject({ code: 'logout_failed' })
    expect(client.getSnapshot()).toMatchObject({ status: 'authenticated', degraded: { code: 'unreachable' } })
    expect(sessionStorage.length).toBe(1)
    expect(location.hash).toBe('')
    expect((await client.fetch('/api/still')).status).toBe(200)
  })

  it('is done when only the answer was lost', async () => {
    const { server, client } = await ready()
    server.loggedOut = () => {
      server.session = signedOut()
      throw new TypeError('no network')
    }
    await client.logout({ returnTo: '#gone' })
    expect(location.hash).toBe('#gone')
    expect(client.getSnapshot()).toMatchObject({ status: 'ended' })
  })

  it('goes through with the new reference when the old one was refused', async () => {
    const { server, client } = await ready()
    let times = 0
    server.session = signedIn({ ref: 's_2' })
    server.loggedOut = () => (++times === 1 ? problem(409, 'session_changed') : json({ redirect_to: '#out' }))
    await client.logout()
    expect(server.to(`${server.base}/logout`).map(({ headers }) => headers.get('BFF-Session'))).toEqual(['s_1', 's_2'])
  })

  it('does not sign out somebody else', async () => {
    const { server, client } = await ready()
    server.session = signedIn({ ref: 's_2', user: { sub: 'bob' } })
    server.loggedOut = () => problem(409, 'session_changed')
    await expect(client.logout()).rejects.toMatchObject({ code: 'logout_failed' })
    expect(server.to(`${server.base}/logout`)).toHaveLength(1)
    expect(client.getSnapshot().status).toBe('switched')
  })
})

// req: S15
describe('the back/forward cache', () => {
  it('gives back a page that is hidden until the server has answered', async () => {
    const { server, client } = await ready()
    const input = document.body.appendChild(document.createElement('input'))
    input.value = 'typed'
    page('pagehide', true)
    expect(root.style.opacity).toBe('0')
    const answer = deferred<Response>()
    server.session = answer.promise
    page('pageshow', true)
    expect(root.style.opacity).toBe('0')
    expect(root.inert).toBe(true)
    answer.resolve(json(signedIn()))
    await until(() => expect(root.style.opacity).toBe(''))
    expect(root.inert).toBe(false)
    expect(input.value).toBe('typed')
    input.remove()
    expect(client.getSnapshot().covered).toBe(false)
  })

  it('never shows what belonged to somebody who is gone', async () => {
    const { server, client } = await ready()
    page('pagehide', true)
    server.session = signedOut({ ended: 'idle_timeout' })
    page('pageshow', true)
    await until(() => expect(client.getSnapshot().status).toBe('ended'))
    expect(client.getSnapshot().covered).toBe(true)
    expect(root.style.opacity).toBe('0')
    server.session = signedIn({ ref: 's_2' })
    await client.session({ fresh: true })
    expect(root.style.opacity).toBe('')
  })

  it('does not hide a page that nobody was shown on, nor one that is left for good', async () => {
    await ready(signedOut())
    page('pagehide', true)
    expect(root.style.opacity).toBe('')
    await ready()
    page('pagehide', false)
    expect(root.style.opacity).toBe('')
  })

  it('is not hidden when the page says it does that itself, and tells', async () => {
    const server = new Server()
    const client = server.client({ pollMs: false, veil: false })
    await settled(client)
    page('pagehide', true)
    expect(root.style.opacity).toBe('')
    expect(client.getSnapshot().covered).toBe(true)
  })
})

it('can be made where there is no page, and does nothing there', () => {
  const fetch = vi.fn()
  const client = createBffClient({ fetch })
  expect(client.getSnapshot().status).toBe('loading')
  expect(fetch).not.toHaveBeenCalled()
})
