import { useEffect, useRef } from 'react'
import { useSession } from './client'
import { Icon, type IconName } from './icons'
import { Link, usePath } from './router'

const WORK: readonly Item[] = [
  ['/', 'Overview', 'home'],
  ['/events', 'Events', 'calendar'],
  ['/leads', 'Leads', 'people'],
  ['/files', 'Files', 'upload'],
]
const BEHIND: readonly Item[] = [
  ['/session', 'Session', 'clock'],
  ['/see', 'What JavaScript sees', 'eye'],
  ['/bench', 'Fault bench', 'bolt'],
]
type Item = readonly [href: string, name: string, icon: IconName]

export function Header() {
  const { status, user, logout } = useSession()
  const inside = status !== 'loading' && status !== 'anonymous'
  const name = user?.name ?? user?.sub ?? ''
  // What goes wrong is said by the dialog, over the page.
  const leave = () => logout().catch(() => undefined)
  return (
    <header className="bar">
      <Link href="/" className="brand">
        <img src="/icon.svg" alt="" width="28" height="28" />
        <span>EventLead</span>
      </Link>
      {inside && (
        <div className="who">
          <Link href="/profile" className="person">
            <span className="avatar" aria-hidden="true">
              {initials(name)}
            </span>
            <span className="person-name" data-testid="user-name">
              {name}
            </span>
          </Link>
          <button type="button" className="quiet" data-testid="sign-out" onClick={() => void leave()}>
            Sign out
          </button>
        </div>
      )}
    </header>
  )
}

export function Rail() {
  const path = usePath()
  const rail = useRef<HTMLElement>(null)
  // In a narrow window the rail is longer than the window: the page one is on comes into its middle.
  useEffect(() => {
    const here = rail.current?.querySelector<HTMLElement>('[aria-current]')
    if (rail.current && here) rail.current.scrollLeft = here.offsetLeft - (rail.current.clientWidth - here.offsetWidth) / 2
  }, [path])
  return (
    <nav className="rail" aria-label="Pages" ref={rail}>
      <Items items={WORK} />
      <p className="rail-title" id="rail-behind">
        Behind the scenes
      </p>
      <Items items={BEHIND} labelledBy="rail-behind" />
    </nav>
  )
}

function Items({ items, labelledBy }: { items: readonly Item[]; labelledBy?: string }) {
  const path = usePath()
  return (
    <ul aria-labelledby={labelledBy}>
      {items.map(([href, name, icon]) => {
        const here = href === '/' ? path === '/' : path === href || path.startsWith(`${href}/`)
        return (
          <li key={href}>
            <Link href={href} aria-current={here ? 'page' : undefined}>
              <Icon name={icon} />
              <span>{name}</span>
            </Link>
          </li>
        )
      })}
    </ul>
  )
}

export const initials = (name: string): string =>
  name
    .split(/\s+/)
    .map((word) => word[0] ?? '')
    .slice(0, 2)
    .join('')
    .toUpperCase()
