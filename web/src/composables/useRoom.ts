import { onScopeDispose, ref, shallowRef } from 'vue'
import { takePrefetched } from '@/api/prefetch'
import { rooms } from '@/api/rooms'
import type { Id, RoomSnapshot } from '@/api/types'
import { newUuid } from '@/format/uuid'
import { type ChatOutcome, type ConnectionState, RoomConnection } from '@/live/connection'
import type { LiveEvent, LiveStats } from '@/live/protocol'
import { applyEvents, applyStats, type RoomState, stateFromSnapshot } from '@/live/reducer'
import { TokenSource } from '@/live/tokens'

export interface PendingMessage {
  clientId: string
  text: string
  replyTo: Id | null
  mentions: Id[]
  state: 'sending' | 'held' | 'failed'
  code: string | null
  /** Known once acknowledged; its event takes the pending one's place. */
  messageId: Id | null
}

/** With nothing left out for so long a flood is over. */
const CALM_AFTER_MS = 5_000

export interface UseRoomOptions {
  /** What the reducer does not keep: private order events, draws. */
  onEvent?: (event: LiveEvent) => void
  onStats?: (stats: LiveStats) => void
  /** The whole room, at first and whenever it had to be fetched again. */
  onSnapshot?: (snapshot: RoomSnapshot) => void
}

/** A room's state, kept up to date until the calling component goes away. */
export function useRoom(roomId: Id, options: UseRoomOptions = {}) {
  const state = shallowRef<RoomState | null>(null)
  const error = shallowRef<unknown>(null)
  const connectionState = ref<ConnectionState>('idle')
  const pending = ref<PendingMessage[]>([])
  /** How many chat messages a flood has left out lately. */
  const skipped = ref(0)
  const prefetched = takePrefetched(roomId)
  const tokens = new TokenSource(() => rooms.tokens(roomId), prefetched?.tokens)
  let firstSnapshot = prefetched?.snapshot
  const abort = new AbortController()
  let connection: RoomConnection | null = null
  let calm: ReturnType<typeof setTimeout> | undefined

  async function load(): Promise<void> {
    error.value = null
    try {
      const asked = firstSnapshot ?? rooms.snapshot(roomId, abort.signal)
      firstSnapshot = undefined
      const snapshot = await asked
      if (abort.signal.aborted) return
      state.value = stateFromSnapshot(snapshot)
      options.onSnapshot?.(snapshot)
      if (!connection) connect(snapshot.cursors)
    } catch (cause) {
      if (!abort.signal.aborted) error.value = cause
    }
  }

  function connect(cursors: Record<string, number>): void {
    connection = new RoomConnection({
      credentials: () => tokens.endpoint('gateway'),
      cursors,
      onEvents: (_topic, events) => {
        if (state.value) state.value = applyEvents(state.value, events)
        for (const event of events) {
          settle(event)
          options.onEvent?.(event)
        }
      },
      onStats: (stats) => {
        if (state.value) state.value = applyStats(state.value, stats)
        options.onStats?.(stats)
      },
      onSkipped: (count) => {
        skipped.value += count
        clearTimeout(calm)
        calm = setTimeout(() => {
          skipped.value = 0
        }, CALM_AFTER_MS)
      },
      onChatOutcome: chatOutcome,
      onState: (next) => {
        connectionState.value = next
      },
      onReset: async () => {
        const snapshot = await rooms.snapshot(roomId, abort.signal)
        options.onSnapshot?.(snapshot)
        const kept = state.value
        const fresh = stateFromSnapshot(snapshot)
        // A snapshot does not repeat what only this page has gathered.
        state.value = kept
          ? {
              ...fresh,
              transcript: kept.transcript,
              orders: kept.orders,
              held: kept.held,
            }
          : fresh
        return snapshot.cursors
      },
    })
    connection.start()
  }

  function chatOutcome(outcome: ChatOutcome): void {
    const { clientId, status, messageId } = outcome
    if (status === 'sent' && state.value?.messages.some((message) => message.id === messageId)) {
      pending.value = pending.value.filter((item) => item.clientId !== clientId)
      return
    }
    pending.value = pending.value.map((item) =>
      item.clientId === clientId
        ? {
            ...item,
            state: status === 'sent' ? 'sending' : status,
            messageId: messageId ?? null,
            code: outcome.code ?? null,
          }
        : item,
    )
  }

  function settle(event: LiveEvent): void {
    if (event.type !== 'chat.message') return
    const { id, client_id: clientId } = event.data
    const own = (item: PendingMessage) => item.clientId === clientId || item.messageId === id
    if (pending.value.some(own)) pending.value = pending.value.filter((item) => !own(item))
  }

  function sendChat(text: string, replyTo: Id | null = null, mentions: Id[] = []): void {
    const clientId = newUuid()
    const item: PendingMessage = {
      clientId,
      text,
      replyTo,
      mentions,
      state: 'sending',
      code: null,
      messageId: null,
    }
    pending.value = [...pending.value, item].slice(-20)
    connection?.sendChat(clientId, text, replyTo, mentions)
  }

  function retryChat(clientId: string): void {
    const item = pending.value.find((known) => known.clientId === clientId)
    if (!item) return
    pending.value = pending.value.filter((known) => known.clientId !== clientId)
    sendChat(item.text, item.replyTo, item.mentions)
  }

  /** After logging in or out: new tokens, new connection. */
  async function identityChanged(): Promise<void> {
    await tokens.renew().catch(() => {})
    connection?.reconnect()
  }

  function patch(change: (current: RoomState) => RoomState): void {
    if (state.value) state.value = change(state.value)
  }

  const online = () => connection?.reconnect()
  window.addEventListener('online', online)
  onScopeDispose(() => {
    window.removeEventListener('online', online)
    abort.abort()
    clearTimeout(calm)
    connection?.close()
  })

  return {
    state,
    error,
    connectionState,
    pending,
    skipped,
    tokens,
    load,
    patch,
    sendChat,
    retryChat,
    like: (count?: number) => connection?.like(count),
    identityChanged,
  }
}

export type RoomHandle = ReturnType<typeof useRoom>
