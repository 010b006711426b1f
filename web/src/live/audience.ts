import { http } from '@/api/client'
import type { Id } from '@/api/types'
import { newUuid } from '@/format/uuid'

export type AudienceKind = 'seen' | 'card_shown' | 'card_clicked' | 'sku_chosen'

interface AudienceEvent {
  id: Id
  kind: AudienceKind
  product_id: Id | null
  at: string
  source: string
}

const SEND_EVERY_MS = 2_000
const MOST_PER_REPORT = 50
/** What waits while nothing can be sent; beyond it the oldest are lost. */
const MOST_WAITING = 200
const SOURCE_LENGTH = 40

/** Tells the host what is looked at, in batches, never on the way of a purchase. */
export class AudienceReporter {
  private waiting: AudienceEvent[] = []
  private timer: ReturnType<typeof setTimeout> | null = null
  private readonly shown = new Set<string>()

  constructor(
    private readonly roomId: Id,
    private readonly post = send,
  ) {}

  /** `once`: the same about the same product is reported a single time. */
  report(kind: AudienceKind, productId: Id | null = null, once = false): void {
    const key = `${kind} ${productId}`
    if (once && this.shown.has(key)) return
    this.shown.add(key)
    const source = kind === 'seen' ? sourceOf(window.location, document.referrer) : ''
    const event = {
      id: newUuid(),
      kind,
      product_id: productId,
      at: new Date().toISOString(),
      source,
    }
    this.waiting = [...this.waiting, event].slice(-MOST_WAITING)
    this.timer ??= setTimeout(() => this.flush(), SEND_EVERY_MS)
  }

  /** Send what waits now, also while the page goes away. */
  flush(): void {
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
    const events = this.waiting.splice(0, MOST_PER_REPORT)
    if (events.length === 0) return
    this.post(this.roomId, events)
    if (this.waiting.length) this.timer = setTimeout(() => this.flush(), SEND_EVERY_MS)
  }
}

function send(roomId: Id, events: AudienceEvent[]): void {
  const body = { visitor: visitor(), events }
  // Figures are no reason to bother anybody: what cannot be sent is lost.
  http.post(`/rooms/${roomId}/audience-events`, body, { keepalive: true }).catch(() => {})
}

/** Tells browsers apart, and nothing else. */
function visitor(): string {
  const known = localStorage.getItem('shopcast.visitor')
  if (known) return known
  const made = newUuid()
  localStorage.setItem('shopcast.visitor', made)
  return made
}

/** Where somebody came from: `?from=` of a shared link, else the referring site, else nothing. */
export function sourceOf(location: { search: string; host: string }, referrer: string): string {
  const named = new URLSearchParams(location.search).get('from')
  if (named) return named.slice(0, SOURCE_LENGTH)
  try {
    const { host } = new URL(referrer)
    return host === location.host ? '' : host.slice(0, SOURCE_LENGTH)
  } catch {
    return ''
  }
}
