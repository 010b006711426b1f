import type { Cursors, RoomStats, StreamState } from '@/api/types'

/** One event of a topic. `seq` grows by one within its topic; `data` depends on `type`. */
export interface LiveEvent {
  seq: number
  id: string
  type: string
  at: string
  data: Record<string, unknown>
}

export interface LiveStats extends RoomStats {
  stream: StreamState
  /** How many pieces each running flash sale has left, by its id. */
  flash?: Record<string, number>
}

export type ServerFrame =
  | { t: 'welcome'; connection: string; cursors: Cursors }
  | {
      t: 'batch'
      topic: string
      events: LiveEvent[]
      /** Where to resume from. */
      through?: number
      /** How many chat messages a flood left out. */
      skipped?: number
      stats?: LiveStats
    }
  | { t: 'ack'; client_id: string; status: 'sent' | 'held'; message_id: string }
  | { t: 'error'; client_id?: string; code: string; detail: string }
  | { t: 'reset'; topic: string }
  | { t: 'drain'; reconnect_after_ms: number }
  | { t: 'pong' }

export type ClientFrame =
  | { t: 'hello'; cursors: Cursors }
  | {
      t: 'chat'
      client_id: string
      text: string
      reply_to: string | null
      mentions?: string[]
    }
  | { t: 'like'; count: number }
  | { t: 'ping' }

/** null for what is not a frame of ours: it is ignored, never thrown on. */
export function parseFrame(raw: unknown): ServerFrame | null {
  if (typeof raw !== 'string') return null
  try {
    const frame: unknown = JSON.parse(raw)
    if (frame && typeof frame === 'object' && typeof (frame as { t?: unknown }).t === 'string') {
      return frame as ServerFrame
    }
  } catch {
    return null
  }
  return null
}
