import axe from 'axe-core'
import { StrictMode, type ReactNode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { userEvent } from 'vitest/browser'
import type { BffClient, BffClientOptions, SessionUser } from '../../src/index.js'
import {
  RequireSession,
  SessionBanner,
  SessionEndedDialog,
  SessionExpiryDialog,
  SessionProvider,
  SessionSwitchedDialog,
  useCountdown,
  useDraft,
  useSession,
  useUser,
} from '../../src/react/index.js'
import '../../styles.css'
import { Server, deferred, freshPage, json, problem, settle, signedIn, signedOut, until } from './server.js'

freshPage()

let roots: [Root, HTMLElement][] = []
afterEach(() => {
  for (const [root, element] of roots) {
    root.unmount()
    element.remove()
  }
  roots = []
})

function render(client: BffClient<SessionUser>, children: ReactNode): { unmount(): void } {
  const element = document.body.appendChild(document.createElement('main'))
  const root = createRoot(element)
  root.render(
    <StrictMode>
      <SessionProvider client={client}>{children}</SessionProvider>
    </StrictMode>,
  )
  roots.push([root, element])
  return {
    unmount: () => {
      root.unmount()
      element.remove()
    },
  }
}

const text = () => document.body.innerText
const dialog = () => document.querySelector<HTMLDialogElement>('dialog[open]')
const button = (name: string | RegExp) => {
  const found = [...(dialog() ?? document).querySelectorAll('button')].find((one) => (typeof name === 'string' ? one.textContent === name : name.test(one.textContent!)))
  if (!found) throw new Error(`No button ${name} in: ${text()}`)
  return found
}
const shown = (words: string | RegExp) => until(() => expect(text()).toMatch(words))
const opened = () =>
  until(() => {
    const found = dialog()
    if (!found) throw new Error(`No dialog in: ${text()}`)
    return found
  })

async function violations(): Promise<unknown> {
  const { violations: found } = await axe.run(document.body, { rules: { region: { enabled: false } } })
  return found.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])
}

const Page = () => <RequireSession loading={<p>loading</p>} anonymous={<p>landing</p>}>{<Form />}</RequireSession>

function Form() {
  const [words, setWords, drop] = useDraft('words', '')
  return (
    <form>
      <h1>Hello {useUser()?.name}</h1>
      <label>
        Words <input value={words} onChange={(event) => setWords(event.target.value)} />
      </label>
      <button type="button" onClick={drop}>
        Drop
      </button>
    </form>
  )
}

const everything = (
  <>
    <SessionBanner />
    <Page />
    <SessionExpiryDialog />
    <SessionEndedDialog />
    <SessionSwitchedDialog />
  </>
)

function start(options: BffClientOptions = {}, children: ReactNode = everything, server = new Server()) {
  const client = server.client({ pollMs: false, ...options })
  render(client, children)
  return { server, client }
}

// req: S15
describe('the page', () => {
  it('asks once at start, in StrictMode, whatever is on it', async () => {
    const { server } = start()
    await shown('Hello Ada')
    expect(server.checks).toBe(1)
  })

  it('shows loading once, then the landing to a visitor', async () => {
    const server = new Server()
    const answer = deferred<Response>()
    server.session = answer.promise
    start({}, everything, server)
    await shown('loading')
    answer.resolve(json(signedOut()))
    await shown('landing')
    expect(await violations()).toEqual([])
  })

  it('keeps its children when the session ends, and when another person signs in', async () => {
    const { server, client } = start({}, <Page />)
    await shown('Hello Ada')
    const input = document.querySelector('input')
    server.session = signedOut()
    await client.session({ fresh: true })
    expect(client.getSnapshot().status).toBe('ended')
    server.session = signedIn({ ref: 's_2', user: { sub: 'bob', name: 'Bob' } })
    await client.session({ fresh: true })
    expect(client.getSnapshot().status).toBe('switched')
    await shown('Hello Ada')
    expect(document.querySelector('input')).toBe(input)
  })

  it('gives the actions along, with the types of the snapshot', async () => {
    function Whole() {
      const session = useSession<SessionUser & { email?: string }>()
      if (session.status !== 'authenticated') return null
      return <button onClick={() => void session.extend()}>{session.user.email ?? session.user.sub}</button>
    }
    const { server } = start({}, <Whole />)
    await shown('ada')
    button('ada').click()
    await until(() => expect(server.to(`${server.base}/session/extend`)).toHaveLength(1))
  })

  it('says what to do outside a provider', async () => {
    const caught = vi.fn()
    const root = createRoot(document.createElement('div'), { onUncaughtError: caught })
    root.render(<Page />)
    await until(() => expect(String(caught.mock.calls[0]?.[0])).toContain('<SessionProvider client={client}>'))
  })
})

// req: S15
describe('the expiry dialog', () => {
  const soon = (more: object = {}) => signedIn({ idle_expires_in: 100, ...more })

  async function warned(more: object = {}) {
    const server = new Server()
    const client = server.client({ pollMs: false })
    render(client, everything)
    await shown('Hello Ada')
    document.querySelector('input')!.focus()
    server.session = soon(more)
    await client.session({ fresh: true })
    return { server, client, element: await opened() }
  }

  it('is modal, named, described, and opens on the harmless button', async () => {
    const { element } = await warned()
    expect(element.getAttribute('role')).toBe('alertdialog')
    expect(element.matches(':modal')).toBe(true)
    const named = (attribute: string) => document.getElementById(element.getAttribute(attribute)!)!.textContent
    expect(named('aria-labelledby')).toBe('Are you still there?')
    expect(named('aria-describedby')).toContain('You will be signed out soon')
    expect(document.activeElement).toBe(button('Stay signed in'))
    expect(element.querySelector('[aria-hidden]')!.textContent).toMatch(/^1:(3|4)\d$/)
    expect(element.querySelector('.bff-spoken')!.textContent).toBe('120 seconds left')
    expect(document.title).toMatch(/^\(1:\d\d\) /)
    expect(await violations()).toEqual([])
    const { height, width } = button('Stay signed in').getBoundingClientRect()
    expect(Math.min(height, width)).toBeGreaterThanOrEqual(24)
  })

  it('extends by its button, closes, and gives the focus back', async () => {
    const { server } = await warned()
    const title = document.title.replace(/^\(.*?\) /, '')
    server.session = signedIn()
    await userEvent.keyboard('{Enter}')
    await until(() => expect(dialog()).toBeNull())
    expect(server.to(`${server.base}/session/extend`)).toHaveLength(1)
    expect(document.activeElement).toBe(document.querySelector('input'))
    expect(document.title).toBe(title)
  })

  it('takes Escape for staying, and cannot be closed without an answer, however often', async () => {
    const { server } = await warned()
    server.extended = () => problem(503, 'store_unavailable')
    server.session = problem(503, 'store_unavailable')
    for (let times = 1; times <= 3; times++) {
      await userEvent.keyboard('{Escape}')
      await until(() => expect(server.to(`${server.base}/session/extend`).length).toBeGreaterThanOrEqual(times))
      await until(() => expect(dialog()).not.toBeNull())
    }
    expect(dialog()!.innerText).toContain('You are still signed in')
    server.extended = undefined
    server.session = signedIn()
    await userEvent.keyboard('{Escape}')
    await until(() => expect(dialog()).toBeNull())
  })

  it('keeps the focus inside', async () => {
    const { element } = await warned({ absolute_expires_in: 90, idle_expires_in: 1800 })
    for (let times = 0; times < 5; times++) {
      await userEvent.keyboard('{Tab}')
      expect(element.contains(document.activeElement) || document.activeElement === document.body).toBe(true)
    }
  })

  it('does not count typing elsewhere while it is open', async () => {
    const { server } = await warned()
    document.body.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true }))
    expect(server.to(`${server.base}/session/extend`)).toEqual([])
  })

  it('closes in this tab when another one stayed', async () => {
    const { server } = await warned()
    await settle()
    server.say({ t: 'extended', ref: 's_1', left: 1800 })
    await until(() => expect(dialog()).toBeNull())
  })

  it('offers no staying at the absolute limit: a time, OK, and a new sign-in', async () => {
    const { element } = await warned({ absolute_expires_in: 90, idle_expires_in: 1800 })
    expect(element.innerText).toMatch(/Your session will end at \d/)
    expect(element.innerText).toContain('Save your work')
    expect([...element.querySelectorAll('button')].map((one) => one.textContent)).toEqual(['OK', 'Sign in again now'])
    expect(document.activeElement).toBe(button('OK'))
    expect(await violations()).toEqual([])
    await userEvent.keyboard('{Escape}')
    await until(() => expect(dialog()).toBeNull())
  })

  it('covers the page when the time is over and nobody answers, and says so', async () => {
    let time = Date.now()
    const server = new Server()
    const client = server.client({ pollMs: false, now: () => time })
    render(client, everything)
    await shown('Hello Ada')
    server.session = new TypeError('no network')
    time += 2_000_000
    window.dispatchEvent(new Event('focus'))
    const element = await opened()
    expect(client.getSnapshot()).toMatchObject({ status: 'authenticated', covered: true })
    expect(getComputedStyle(document.documentElement).opacity).toBe('0')
    expect(element.innerText).toContain('No connection')
    // Above the cover, and usable.
    expect(document.activeElement).toBe(button('Retry now'))
    const box = button('Retry now').getBoundingClientRect()
    expect(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)).toBe(button('Retry now'))
    server.session = signedIn()
    // Playwright believes what lies in an inert page to be inert; a real click shows that the topmost modal dialog is not.
    await userEvent.click(button('Retry now'), { force: true })
    await until(() => expect(dialog()).toBeNull())
    expect(client.getSnapshot()).toMatchObject({ status: 'authenticated', covered: false })
    expect(document.documentElement.style.opacity).toBe('')
  })
})

// req: S15
describe('the ended dialog', () => {
  async function ended(more: object = { ended: 'idle_timeout' }, children: ReactNode = everything) {
    const { server, client } = start({}, children)
    await shown('Hello Ada')
    await userEvent.fill(document.querySelector('input')!, 'my work')
    server.session = signedOut(more)
    await client.session({ fresh: true })
    return { server, client, element: await opened() }
  }

  it('says why, over the intact page', async () => {
    const { element } = await ended()
    expect(element.innerText).toContain('You were signed out')
    expect(element.innerText).toContain('There was no activity for 30 minutes. Your work is still on this page.')
    expect(document.querySelector('input')!.value).toBe('my work')
    expect(document.activeElement).toBe(button('Sign in and continue'))
    expect(await violations()).toEqual([])
    await userEvent.keyboard('{Escape}{Escape}{Escape}')
    await until(() => expect(dialog()).not.toBeNull())
  })

  it('signs in in a window; what was being saved is saved by itself', async () => {
    const open = vi.spyOn(window, 'open').mockReturnValue(window)
    const { server, client } = start()
    await shown('Hello Ada')
    server.session = signedOut({ ended: 'idle_timeout' })
    server.replies = [problem(401, 'session_expired')]
    const saving = client.fetch('/api/save', { method: 'POST', body: 'my work' })
    await opened()
    button('Sign in and continue').click()
    expect(open).toHaveBeenCalledOnce()
    expect(String(open.mock.calls[0]![0])).toContain('mode=popup')
    await shown('Waiting for the sign-in window')
    button('Open again').click()
    expect(open).toHaveBeenCalledTimes(2)
    expect(await violations()).toEqual([])
    server.session = signedIn({ ref: 's_2' })
    server.say({ t: 'in', ref: '' })
    expect((await saving).status).toBe(200)
    await until(() => expect(dialog()).toBeNull())
    expect(server.to('/api').map(({ body }) => body)).toEqual(['my work', 'my work'])
  })

  it('offers this page when the window is blocked, and can be cancelled', async () => {
    const open = vi.spyOn(window, 'open').mockReturnValue(null)
    await ended()
    button('Sign in and continue').click()
    await shown('The sign-in window was blocked')
    button('Sign in on this page')
    open.mockReturnValue(window)
    expect(await violations()).toEqual([])
  })

  it('can be cancelled while it waits', async () => {
    vi.spyOn(window, 'open').mockReturnValue(window)
    await ended()
    button('Sign in and continue').click()
    await shown('Waiting for the sign-in window')
    button('Cancel').click()
    await until(() => expect(button('Sign in and continue')).toBeTruthy())
    expect(text()).not.toContain('Waiting')
  })

  it('says so when the sign-in did not complete', async () => {
    vi.spyOn(window, 'open').mockReturnValue(window)
    const { server } = await ended()
    button('Sign in and continue').click()
    await shown('Waiting for the sign-in window')
    server.session = signedOut({ login_error: { code: 'access_denied', id: 'req_5' } })
    window.dispatchEvent(new Event('focus'))
    await shown(/Sign-in did not complete.*Reference req_5/)
  })

  it('covers the page of who signed out elsewhere', async () => {
    const { server, client } = start()
    await shown('Hello Ada')
    await settle()
    server.session = signedOut()
    server.say({ t: 'out', ref: 's_1' })
    const element = await opened()
    expect(client.getSnapshot()).toMatchObject({ status: 'ended', ended: 'signed_out', covered: true })
    expect(element.innerText).toContain('You signed out')
    expect(document.activeElement).toBe(button('Sign in again'))
  })

  it('never says signed out when the server was not reached', async () => {
    const { server, client } = start({}, <>{everything}<SignOut /></>)
    await shown('Hello Ada')
    server.loggedOut = () => problem(503, 'store_unavailable')
    button('Leave').click()
    const element = await opened()
    expect(element.innerText).toContain('You are not signed out yet')
    expect(client.getSnapshot().status).toBe('authenticated')
    expect(await violations()).toEqual([])
    button('Try again').click()
    await until(() => expect(server.to(`${server.base}/logout`)).toHaveLength(2))
    // Again, should the second refusal arrive after the click.
    await until(() => {
      if (dialog()) button('Back to the page').click()
      expect(dialog()).toBeNull()
    })
  })

  function SignOut() {
    const { logout } = useSession()
    return <button onClick={() => void logout().catch(() => {})}>Leave</button>
  }
})

// req: S15, S16
it('the switched dialog names the other person, and sends nothing until one has chosen', async () => {
  const { server, client } = start()
  await shown('Hello Ada')
  server.session = signedIn({ ref: 's_2', user: { sub: 'bob', name: 'Bob' } })
  await client.session({ fresh: true })
  const element = await opened()
  expect(element.innerText).toContain('You are now signed in as Bob in another tab.')
  expect([...element.querySelectorAll('button')].map((one) => one.textContent)).toEqual(['Continue as Bob', 'Sign out'])
  expect(await violations()).toEqual([])
  button('Sign out').click()
  await until(() => expect(server.to(`${server.base}/logout`)).toHaveLength(1))
  expect(server.to(`${server.base}/logout`)[0]!.headers.get('BFF-Session')).toBe('s_2')
})

// req: S15
it('the banner says what does not answer, politely, and asks again on request', async () => {
  const { server, client } = start()
  await shown('Hello Ada')
  const status = document.querySelector('.bff-banner')!
  expect(status.getAttribute('role')).toBe('status')
  expect(status.textContent).toBe('')
  server.session = problem(503, 'idp_unavailable')
  await client.session({ fresh: true }).catch(() => {})
  await shown('Sign-in service not responding')
  expect(text()).toContain('You are still signed in.')
  // Counts down for the eye only: what is read aloud stays as it is.
  const spoken = () => [...status.children].filter((one) => one.ariaHidden !== 'true').map((one) => one.textContent)
  const counted = () => /Retrying in 0:(\d\d)/.exec(status.textContent!)![1]!
  const [said, first] = [spoken(), counted()]
  await until(() => expect(counted() < first).toBe(true))
  expect(spoken()).toEqual(said)
  expect(await violations()).toEqual([])
  server.session = signedIn()
  button('Retry now').click()
  await until(() => expect(status.textContent).toBe(''))
})

describe('a page for members', () => {
  const visitor = (more: object = {}) => {
    const server = new Server()
    server.session = signedOut(more)
    return server
  }
  const gate = (mode: 'redirect' | 'popup') => <RequireSession anonymous={mode}>secret</RequireSession>

  it('leads to the sign-in once, and stops after three times within a minute', async () => {
    const server = visitor()
    const client = server.client({ pollMs: false })
    const left = vi.fn()
    client.on('before-navigate', (navigation) => {
      navigation.preventDefault()
      left(navigation.url)
    })
    for (let times = 1; times <= 3; times++) {
      const page = render(client, gate('redirect'))
      await until(() => expect(left).toHaveBeenCalledTimes(times))
      page.unmount()
    }
    render(client, gate('redirect'))
    await shown('Please sign in')
    expect(left).toHaveBeenCalledTimes(3)
    expect(await violations()).toEqual([])
  })

  it('never leads anywhere by itself after a sign-in that failed', async () => {
    const server = visitor({ login_error: { code: 'login_failed', id: 'req_3' } })
    const client = server.client({ pollMs: false })
    const left = vi.fn()
    client.on('before-navigate', (navigation) => {
      navigation.preventDefault()
      left()
    })
    render(client, gate('redirect'))
    await shown(/Sign-in did not complete[^]*Reference req_3/)
    expect(left).not.toHaveBeenCalled()
    button('Try again').click()
    await until(() => expect(left).toHaveBeenCalledOnce())
  })

  it('opens a window by a click', async () => {
    const open = vi.spyOn(window, 'open').mockReturnValue(window)
    const server = visitor()
    render(server.client({ pollMs: false }), gate('popup'))
    await shown('Please sign in')
    expect(open).not.toHaveBeenCalled()
    button('Sign in').click()
    expect(open).toHaveBeenCalledOnce()
    server.session = signedIn()
    server.say({ t: 'in', ref: '' })
    await shown('secret')
  })
})

describe('a draft', () => {
  const keys = () => Object.keys(sessionStorage).filter((key) => key.startsWith('bff-draft:'))

  it('survives the page, under the person and the path [S15]', async () => {
    const server = new Server()
    const page = render(server.client({ pollMs: false }), <Page />)
    await shown('Hello Ada')
    await userEvent.fill(document.querySelector('input')!, 'half a sentence')
    expect(keys()).toEqual([`bff-draft:ada:${location.pathname}:words`])
    page.unmount()
    render(server.client({ pollMs: false }), <Page />)
    await until(() => expect(document.querySelector('input')!.value).toBe('half a sentence'))
    button('Drop').click()
    await until(() => expect(document.querySelector('input')!.value).toBe(''))
    expect(keys()).toEqual([])
  })

  it('is nobody else\'s, and is kept a day', async () => {
    const write = (sub: string, at: number) =>
      sessionStorage.setItem(`bff-draft:${sub}:${location.pathname}:words`, JSON.stringify({ at, value: `of ${sub}` }))
    write('bob', Date.now())
    write('ada', Date.now() - 86_400_001)
    start({}, <Page />)
    await shown('Hello Ada')
    expect(document.querySelector('input')!.value).toBe('')
    expect(keys()).toHaveLength(1)
  })

  it('goes with a sign-out', async () => {
    const { client } = start({}, <Page />)
    await shown('Hello Ada')
    await userEvent.fill(document.querySelector('input')!, 'private')
    await client.logout()
    expect(keys()).toEqual([])
    expect(location.hash).toBe('#out')
  })

  it('lives as long as the page where nothing can be stored', async () => {
    vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError')
    })
    start({}, <Page />)
    await shown('Hello Ada')
    await userEvent.fill(document.querySelector('input')!, 'words')
    expect(document.querySelector('input')!.value).toBe('words')
  })
})

it('the countdown ticks in its own component only', async () => {
  const renders = { clock: 0, page: 0 }
  function Clock() {
    renders.clock++
    const { secondsLeft, deadline } = useCountdown({ tickMs: 100 })
    return <p>{deadline ? `left ${secondsLeft}` : 'nobody'}</p>
  }
  function Whole() {
    renders.page++
    useSession()
    return <Clock />
  }
  start({}, <Whole />)
  await shown(/left \d+/)
  // The words come, and with them everything once more.
  await import('../../src/words.js')
  await settle()
  const before = { ...renders }
  await until(() => expect(renders.clock).toBeGreaterThan(before.clock + 3))
  expect(renders.page).toBe(before.page)
})
