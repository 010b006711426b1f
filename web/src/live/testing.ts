/** Fakes for the live modules' interfaces; used by tests only. */
import type { Socket } from './connection'
import type { ClientFrame, LiveEvent, ServerFrame } from './protocol'

export class FakeSocket implements Socket {
  readyState = 0
  onopen: ((event: unknown) => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  onerror: ((event: unknown) => void) | null = null
  readonly sent: ClientFrame[] = []
  readonly url: string

  constructor(url: string) {
    this.url = url
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientFrame)
  }

  close(): void {
    this.readyState = 3
  }

  open(): void {
    this.readyState = 1
    this.onopen?.({})
  }

  receive(frame: ServerFrame): void {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }

  drop(): void {
    this.readyState = 3
    this.onclose?.({ code: 1006 })
  }
}

export function liveEvent(
  seq: number,
  type = 'chat.message',
  data: Record<string, unknown> = {},
): LiveEvent {
  return { seq, id: `event-${seq}`, type, at: '2026-01-01T00:00:00Z', data }
}

type Listener = () => void

/** As much of RTCPeerConnection as a link uses; the test decides when it connects. */
export class FakePeer {
  connectionState: RTCPeerConnectionState = 'new'
  iceGatheringState: RTCIceGatheringState = 'new'
  localDescription: RTCSessionDescriptionInit | null = null
  remoteDescription: RTCSessionDescriptionInit | null = null
  onconnectionstatechange: Listener | null = null
  ontrack: ((event: RTCTrackEvent) => void) | null = null
  closed = false
  stats: Record<string, unknown>[] = []
  private readonly listeners = new Set<Listener>()

  createOffer(): Promise<RTCSessionDescriptionInit> {
    return Promise.resolve({ type: 'offer', sdp: 'v=0\r\n' })
  }

  setLocalDescription(description: RTCSessionDescriptionInit): Promise<void> {
    this.localDescription = description
    this.iceGatheringState = 'complete'
    for (const listener of this.listeners) listener()
    return Promise.resolve()
  }

  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    this.remoteDescription = description
    return Promise.resolve()
  }

  addEventListener(_name: string, listener: Listener): void {
    this.listeners.add(listener)
  }

  removeEventListener(_name: string, listener: Listener): void {
    this.listeners.delete(listener)
  }

  getStats(): Promise<RTCStatsReport> {
    return Promise.resolve(
      new Map(this.stats.map((entry, index) => [String(index), entry])) as RTCStatsReport,
    )
  }

  close(): void {
    this.closed = true
  }

  become(state: RTCPeerConnectionState): void {
    this.connectionState = state
    this.onconnectionstatechange?.()
  }
}
