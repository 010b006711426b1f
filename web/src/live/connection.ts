import type { Cursors, Endpoint } from '@/api/types'
import { Backoff } from './backoff'
import {
  type ClientFrame,
  type LiveEvent,
  type LiveStats,
  parseFrame,
  type ServerFrame,
} from './protocol'

export type ConnectionState = 'idle' | 'connecting' | 'open' | 'waiting' | 'closed'

/** What is used of a WebSocket; tests supply their own. */
export interface Socket {
  readonly readyState: number
  onopen: ((event: unknown) => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number }) => void) | null
  onerror: ((event: unknown) => void) | null
  send(text: string): void
  close(code?: number): void
}

export interface ChatOutcome {
  clientId: string
  status: 'sent' | 'held' | 'failed'
  messageId?: string
  code?: string
}

export interface ConnectionOptions {
  /** A fresh address and token; asked before every attempt, since tokens are short-lived. */
  credentials: () => Promise<Endpoint>
  /** Where to resume from; the snapshot's cursors. */
  cursors: Cursors
  onEvents: (topic: string, events: LiveEvent[]) => void
  onStats?: (stats: LiveStats) => void
  /** So many chat messages were left out of a flood. */
  onSkipped?: (count: number) => void
  onChatOutcome?: (outcome: ChatOutcome) => void
  onState?: (state: ConnectionState) => void
  /** The log no longer reaches back to our cursor: fetch the snapshot, return its cursors. */
  onReset: (topic: string) => Promise<Cursors>
  createSocket?: (url: string) => Socket
  backoff?: Backoff
}

const PING_INTERVAL_MS = 10_000
const SILENCE_LIMIT_MS = 25_000
const LIKE_FLUSH_MS = 500
const MAX_UNACKED = 20
const OPEN = 1

/**
 * The room's event stream: resumes by sequence number, so that nothing is lost or doubled
 * across reconnects, and repeats chat that was not acknowledged (the server knows it by
 * `client_id`).
 */
export class RoomConnection {
  private readonly options: ConnectionOptions
  private readonly backoff: Backoff
  private readonly cursors: Map<string, number>
  private readonly unacked = new Map<string, ClientFrame>()
  private socket: Socket | null = null
  private currentState: ConnectionState = 'idle'
  private retryTimer: ReturnType<typeof setTimeout> | null = null
  private heartbeat: ReturnType<typeof setInterval> | null = null
  private likeTimer: ReturnType<typeof setTimeout> | null = null
  private pendingLikes = 0
  private lastHeardMs = 0
  private generation = 0
  /** A gateway that stops says when to come back, so that not everybody comes at once. */
  private returnAfterMs: number | null = null

  constructor(options: ConnectionOptions) {
    this.options = options
    this.backoff = options.backoff ?? new Backoff()
    this.cursors = new Map(Object.entries(options.cursors))
  }

  get state(): ConnectionState {
    return this.currentState
  }

  cursor(topic: string): number {
    return this.cursors.get(topic) ?? 0
  }

  start(): void {
    if (this.currentState === 'idle') void this.connect()
  }

  close(): void {
    this.generation += 1
    this.setState('closed')
    this.dropSocket()
    if (this.retryTimer) clearTimeout(this.retryTimer)
    if (this.likeTimer) clearTimeout(this.likeTimer)
    this.retryTimer = this.likeTimer = null
  }

  /** Reconnects at once: the network came back, or who we are has changed. */
  reconnect(): void {
    if (this.currentState === 'closed') return
    this.dropSocket()
    if (this.retryTimer) clearTimeout(this.retryTimer)
    this.backoff.reset()
    void this.connect()
  }

  sendChat(
    clientId: string,
    text: string,
    replyTo: string | null = null,
    mentions: string[] = [],
  ): void {
    if (this.unacked.size >= MAX_UNACKED) {
      this.options.onChatOutcome?.({ clientId, status: 'failed', code: 'offline' })
      return
    }
    const frame: ClientFrame = {
      t: 'chat',
      client_id: clientId,
      text,
      reply_to: replyTo,
      ...(mentions.length ? { mentions } : {}),
    }
    this.unacked.set(clientId, frame)
    this.send(frame)
  }

  /** Taps are merged and sent twice a second. */
  like(count = 1): void {
    this.pendingLikes += count
    this.likeTimer ??= setTimeout(() => {
      this.likeTimer = null
      const merged = this.pendingLikes
      this.pendingLikes = 0
      this.send({ t: 'like', count: merged })
    }, LIKE_FLUSH_MS)
  }

  private async connect(): Promise<void> {
    const generation = ++this.generation
    this.setState('connecting')
    let endpoint: Endpoint
    try {
      endpoint = await this.options.credentials()
    } catch {
      if (generation === this.generation) this.scheduleRetry()
      return
    }
    if (generation !== this.generation) return
    const url = `${endpoint.url}${endpoint.url.includes('?') ? '&' : '?'}token=${encodeURIComponent(endpoint.token)}`
    const socket = (this.options.createSocket ?? openWebSocket)(url)
    this.socket = socket
    socket.onopen = () => this.send({ t: 'hello', cursors: Object.fromEntries(this.cursors) })
    socket.onmessage = (event) => {
      if (socket === this.socket) this.receive(parseFrame(event.data))
    }
    socket.onclose = () => {
      if (socket !== this.socket) return
      this.dropSocket()
      this.scheduleRetry()
    }
    socket.onerror = null
    this.lastHeardMs = Date.now()
    this.heartbeat = setInterval(() => this.beat(), PING_INTERVAL_MS)
  }

  private receive(frame: ServerFrame | null): void {
    if (!frame) return
    this.lastHeardMs = Date.now()
    switch (frame.t) {
      case 'welcome':
        this.backoff.reset()
        for (const [topic, seq] of Object.entries(frame.cursors ?? {})) {
          if (!this.cursors.has(topic)) this.cursors.set(topic, seq)
        }
        this.setState('open')
        for (const chat of this.unacked.values()) this.send(chat)
        break
      case 'batch':
        this.receiveBatch(frame.topic, frame.events ?? [], frame.through)
        if (frame.skipped) this.options.onSkipped?.(frame.skipped)
        if (frame.stats) this.options.onStats?.(frame.stats)
        break
      case 'ack':
        this.unacked.delete(frame.client_id)
        this.options.onChatOutcome?.({
          clientId: frame.client_id,
          status: frame.status,
          messageId: frame.message_id,
        })
        break
      case 'error':
        if (frame.client_id) {
          this.unacked.delete(frame.client_id)
          this.options.onChatOutcome?.({
            clientId: frame.client_id,
            status: 'failed',
            code: frame.code,
          })
        }
        break
      case 'reset':
        void this.reset(frame.topic)
        break
      case 'drain':
        this.returnAfterMs = frame.reconnect_after_ms
        break
      case 'pong':
        break
    }
  }

  private receiveBatch(topic: string, events: LiveEvent[], through = 0): void {
    let cursor = this.cursor(topic)
    const fresh: LiveEvent[] = []
    for (const event of events) {
      if (event.seq <= cursor) continue
      cursor = event.seq
      fresh.push(event)
    }
    this.cursors.set(topic, Math.max(cursor, through))
    if (fresh.length === 0) return
    this.options.onEvents(topic, fresh)
  }

  private async reset(topic: string): Promise<void> {
    const generation = ++this.generation
    this.dropSocket()
    this.setState('connecting')
    try {
      const cursors = await this.options.onReset(topic)
      if (generation !== this.generation) return
      this.cursors.clear()
      for (const [name, seq] of Object.entries(cursors)) this.cursors.set(name, seq)
    } catch {
      if (generation === this.generation) this.scheduleRetry()
      return
    }
    void this.connect()
  }

  private beat(): void {
    if (Date.now() - this.lastHeardMs > SILENCE_LIMIT_MS) {
      this.dropSocket()
      this.scheduleRetry()
      return
    }
    this.send({ t: 'ping' })
  }

  private send(frame: ClientFrame): void {
    const socket = this.socket
    if (!socket || socket.readyState !== OPEN) return
    if (frame.t === 'chat' && this.currentState !== 'open') return
    socket.send(JSON.stringify(frame))
  }

  private dropSocket(): void {
    if (this.heartbeat) clearInterval(this.heartbeat)
    this.heartbeat = null
    const socket = this.socket
    this.socket = null
    if (!socket) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close(1000)
  }

  private scheduleRetry(): void {
    if (this.currentState === 'closed') return
    this.setState('waiting')
    const delayMs = this.returnAfterMs ?? this.backoff.nextDelayMs()
    this.returnAfterMs = null
    this.retryTimer = setTimeout(() => void this.connect(), delayMs)
  }

  private setState(state: ConnectionState): void {
    if (state === this.currentState) return
    this.currentState = state
    this.options.onState?.(state)
  }
}

function openWebSocket(url: string): Socket {
  return new WebSocket(url) as unknown as Socket
}
