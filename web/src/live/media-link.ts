import type { Endpoint } from '@/api/types'
import { Backoff } from './backoff'

export type LinkState = 'idle' | 'connecting' | 'connected' | 'retrying' | 'stopped'

/**
 * Why the last attempt ended: `no_stream`, nobody publishes; `busy`, somebody else does; `full`, no room for
 * more; `forbidden`, moderation has stopped the stream.
 */
export type LinkFailure =
  | 'credentials'
  | 'no_stream'
  | 'busy'
  | 'full'
  | 'forbidden'
  | 'refused'
  | 'network'
  | 'lost'
  | 'stalled'

export interface MediaLinkOptions {
  /** A fresh address and token before every attempt. */
  credentials: () => Promise<Endpoint>
  onState?: (state: LinkState, failure: LinkFailure | null) => void
  onStats?: (report: RTCStatsReport) => void
  createPeer?: (iceServers: RTCIceServer[]) => RTCPeerConnection
  fetch?: typeof fetch
  backoff?: Backoff
}

const ICE_GATHERING_LIMIT_MS = 400
const CONNECT_LIMIT_MS = 8_000
const DISCONNECTED_LIMIT_MS = 3_000
const STATS_INTERVAL_MS = 1_000
const STALL_LIMIT_MS = 4_000

class LinkError extends Error {
  readonly failure: LinkFailure
  constructor(failure: LinkFailure) {
    super(failure)
    this.failure = failure
  }
}

/**
 * One WebRTC session over HTTP signalling (WHIP, RFC 9725, and WHEP differ only in who sends),
 * held up by retries until `stop()`. Subclasses add tracks and say how progress is measured.
 */
export abstract class MediaLink {
  protected peer: RTCPeerConnection | null = null
  /** What status 409 means here. */
  protected readonly conflict: LinkFailure = 'no_stream'
  private readonly linkOptions: MediaLinkOptions
  private readonly backoff: Backoff
  private currentState: LinkState = 'idle'
  private resourceUrl: string | null = null
  private token = ''
  private generation = 0
  private retryTimer: ReturnType<typeof setTimeout> | null = null
  private watchTimer: ReturnType<typeof setTimeout> | null = null
  private statsTimer: ReturnType<typeof setInterval> | null = null
  private progress = { value: -1, atMs: 0 }

  constructor(options: MediaLinkOptions) {
    this.linkOptions = options
    this.backoff = options.backoff ?? new Backoff({ baseMs: 400, maxMs: 5_000 })
  }

  /** Adds tracks or transceivers before the offer is made. */
  protected abstract prepare(peer: RTCPeerConnection): void
  /** Bytes that have flowed; a value that stands still means a stall. null: cannot say. */
  protected abstract bytesFlowed(report: RTCStatsReport): number | null

  get state(): LinkState {
    return this.currentState
  }

  start(): void {
    if (this.currentState === 'idle' || this.currentState === 'stopped') void this.connect()
  }

  /** Tears down and connects at once, for example when the stream is known to be back. */
  restart(): void {
    if (this.currentState === 'stopped' || this.currentState === 'idle') return
    this.backoff.reset()
    this.teardown()
    void this.connect()
  }

  stop(): void {
    this.teardown()
    this.setState('stopped', null)
  }

  private async connect(): Promise<void> {
    const generation = ++this.generation
    this.setState('connecting', null)
    try {
      await this.negotiate(generation)
    } catch (error) {
      if (generation === this.generation) {
        this.fail(error instanceof LinkError ? error.failure : 'network')
      }
    }
  }

  private async negotiate(generation: number): Promise<void> {
    const endpoint = await this.linkOptions.credentials().catch(() => {
      throw new LinkError('credentials')
    })
    if (generation !== this.generation) return
    const peer = (this.linkOptions.createPeer ?? createPeer)(endpoint.ice_servers ?? [])
    this.peer = peer
    this.prepare(peer)
    this.watch(peer, generation)
    await peer.setLocalDescription(await peer.createOffer())
    await gathered(peer)
    if (generation !== this.generation) return
    const response = await this.post(endpoint, peer.localDescription?.sdp ?? '')
    const answer = await response.text()
    if (generation !== this.generation) return
    this.token = endpoint.token
    const location = response.headers.get('Location')
    this.resourceUrl = location ? new URL(location, endpoint.url).href : null
    await peer.setRemoteDescription({ type: 'answer', sdp: answer })
  }

  private async post(endpoint: Endpoint, offer: string): Promise<Response> {
    const send = this.linkOptions.fetch ?? fetch
    let response: Response
    try {
      response = await send(endpoint.url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/sdp', Authorization: `Bearer ${endpoint.token}` },
        body: offer,
        signal: AbortSignal.timeout(CONNECT_LIMIT_MS),
      })
    } catch {
      throw new LinkError('network')
    }
    if (response.status === 403) throw new LinkError('forbidden')
    if (response.status === 401) throw new LinkError('credentials')
    if (response.status === 404) throw new LinkError('no_stream')
    if (response.status === 409) throw new LinkError(this.conflict)
    if (response.status === 503) throw new LinkError('full')
    if (!response.ok) throw new LinkError(response.status >= 500 ? 'network' : 'refused')
    return response
  }

  private watch(peer: RTCPeerConnection, generation: number): void {
    this.watchTimer = setTimeout(() => this.fail('network'), CONNECT_LIMIT_MS)
    peer.onconnectionstatechange = () => {
      if (generation !== this.generation) return
      this.clearWatch()
      switch (peer.connectionState) {
        case 'connected':
          this.backoff.reset()
          this.progress = { value: -1, atMs: Date.now() }
          this.statsTimer ??= setInterval(() => void this.poll(peer), STATS_INTERVAL_MS)
          this.setState('connected', null)
          break
        case 'disconnected':
          this.watchTimer = setTimeout(() => this.fail('lost'), DISCONNECTED_LIMIT_MS)
          break
        case 'failed':
        case 'closed':
          this.fail('lost')
          break
        default:
          this.watchTimer = setTimeout(() => this.fail('network'), CONNECT_LIMIT_MS)
      }
    }
  }

  private async poll(peer: RTCPeerConnection): Promise<void> {
    const report = await peer.getStats()
    if (peer !== this.peer) return
    this.linkOptions.onStats?.(report)
    const value = this.bytesFlowed(report)
    if (value === null) return
    const nowMs = Date.now()
    if (value > this.progress.value) this.progress = { value, atMs: nowMs }
    else if (nowMs - this.progress.atMs > STALL_LIMIT_MS) this.fail('stalled')
  }

  private fail(failure: LinkFailure): void {
    this.teardown()
    // Before anybody is told: whoever hears of it may stop us.
    this.retryTimer = setTimeout(() => void this.connect(), this.backoff.nextDelayMs())
    this.setState('retrying', failure)
  }

  private teardown(): void {
    this.generation += 1
    this.clearWatch()
    if (this.retryTimer) clearTimeout(this.retryTimer)
    if (this.statsTimer) clearInterval(this.statsTimer)
    this.retryTimer = this.statsTimer = null
    if (this.peer) {
      this.peer.onconnectionstatechange = null
      this.peer.ontrack = null
      this.peer.close()
      this.peer = null
    }
    this.release()
  }

  /** Tells the server that the session is over; if that fails, its own time-out ends it. */
  private release(): void {
    if (!this.resourceUrl) return
    const send = this.linkOptions.fetch ?? fetch
    send(this.resourceUrl, {
      method: 'DELETE',
      headers: { Authorization: `Bearer ${this.token}` },
      keepalive: true,
    }).catch(() => {})
    this.resourceUrl = null
  }

  private clearWatch(): void {
    if (this.watchTimer) clearTimeout(this.watchTimer)
    this.watchTimer = null
  }

  private setState(state: LinkState, failure: LinkFailure | null): void {
    this.currentState = state
    this.linkOptions.onState?.(state, failure)
  }
}

function createPeer(iceServers: RTCIceServer[]): RTCPeerConnection {
  return new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers })
}

/** Ends when all candidates are known, or after a moment: the rest is found by the server. */
function gathered(peer: RTCPeerConnection): Promise<void> {
  if (peer.iceGatheringState === 'complete') return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(done, ICE_GATHERING_LIMIT_MS)
    function done() {
      clearTimeout(timer)
      peer.removeEventListener('icegatheringstatechange', check)
      resolve()
    }
    function check() {
      if (peer.iceGatheringState === 'complete') done()
    }
    peer.addEventListener('icegatheringstatechange', check)
  })
}

/** H.264 first, so that the answer picks what is passed on without re-encoding. */
export function preferH264<T extends { mimeType: string }>(codecs: readonly T[]): T[] {
  const rank = (codec: T) => (codec.mimeType.toLowerCase() === 'video/h264' ? 0 : 1)
  return [...codecs].sort((a, b) => rank(a) - rank(b))
}
