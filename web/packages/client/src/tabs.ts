import { check, move } from './check.js'
import { openChannel } from './channel.js'
import { readMessage, type TabMessage } from './messages.js'
import { isVisible } from './page.js'
import type { State } from './state.js'
import { cover } from './veil.js'
import { ignore } from './wait.js'

/** Many tabs hear the same message: not all of them ask in the same moment. */
const JITTER_MS = 300

/** What a tab does with the hint of another: believes nothing that matters, and asks. */
export function onMessage(s: State, { t, ref, left }: TabMessage): void {
  const verify = () => setTimeout(() => check(s, true).catch(ignore), Math.random() * JITTER_MS)
  const { session } = s.snapshot
  if (t === 'out' || t === 'ended') {
    if (!session) return
    if (t === 'out') s.guess = 'signed_out'
    cover(s)
    verify()
  } else if (session && session.ref === ref) {
    if (left) move(s, s.now() + left * 1000, null, s.now())
  } else if (isVisible() || s.waiting) verify()
  else s.stale = true
}

export function joinTabs(s: State): void {
  const channel = openChannel(s)
  s.channel = channel
  if (!channel) return
  channel.onmessage = ({ data }) => {
    const message = readMessage(data)
    if (message) onMessage(s, message)
  }
}
