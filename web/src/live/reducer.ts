import type {
  ChatMessage,
  Id,
  Order,
  Pin,
  Room,
  RoomProduct,
  RoomSnapshot,
  Suggestion,
  TranscriptSegment,
} from '@/api/types'
import type { LiveEvent, LiveStats } from './protocol'

export interface Caption {
  id: Id
  text: string
  language: string
  start_s: number
  end_s: number
  final: boolean
  /** When it was received; the page fades old ones. */
  at: string
}

export type OrderSummary = Pick<
  Order,
  'id' | 'number' | 'status' | 'total_cents' | 'currency' | 'created_at' | 'lines' | 'buyer'
>

export interface Warning {
  id: Id
  at: string
  data: Record<string, unknown>
}

export interface HeldMessage {
  id: Id
  case_id: Id
  message: ChatMessage
}

/** Everything a room page shows, as one value. */
export interface RoomState {
  room: Room
  products: RoomProduct[]
  pins: Pin[]
  suggestions: Suggestion[]
  messages: ChatMessage[]
  caption: Caption | null
  transcript: TranscriptSegment[]
  /** The utterance still being heard; staff only. */
  partial: TranscriptSegment | null
  orders: OrderSummary[]
  warnings: Warning[]
  held: HeldMessage[]
}

export const MAX_MESSAGES = 200
export const MAX_TRANSCRIPT = 400
const MAX_SIDE_LIST = 100

export function stateFromSnapshot(snapshot: RoomSnapshot): RoomState {
  return {
    room: { ...snapshot.room, stats: snapshot.stats ?? snapshot.room.stats },
    products: [...snapshot.products].sort((a, b) => a.position - b.position),
    pins: snapshot.pins,
    suggestions: snapshot.suggestions ?? [],
    messages: snapshot.messages.slice(-MAX_MESSAGES),
    caption: null,
    transcript: [],
    partial: null,
    orders: [],
    warnings: [],
    held: [],
  }
}

export function applyEvents(state: RoomState, events: readonly LiveEvent[]): RoomState {
  return events.reduce(applyEvent, state)
}

export function applyStats(state: RoomState, stats: LiveStats): RoomState {
  const { room } = state
  const same =
    room.stats.viewers === stats.viewers &&
    room.stats.likes === stats.likes &&
    room.stream === stats.stream
  if (same) return state
  return {
    ...state,
    room: {
      ...room,
      stream: stats.stream ?? room.stream,
      stats: { viewers: stats.viewers, likes: stats.likes },
    },
  }
}

/** Unknown types leave the state as it is: a newer server may say more than we know. */
export function applyEvent(state: RoomState, event: LiveEvent): RoomState {
  const handler = handlers[event.type]
  return handler ? handler(state, event.data, event) : state
}

type Handler = (state: RoomState, data: Record<string, unknown>, event: LiveEvent) => RoomState

const addMessage: Handler = (state, data) => {
  const message = data as unknown as ChatMessage
  if (state.messages.some((known) => known.id === message.id)) return state
  return { ...state, messages: [...state.messages, message].slice(-MAX_MESSAGES) }
}

const upsertOrder: Handler = (state, data) => {
  const order = data as unknown as OrderSummary
  const rest = state.orders.filter((known) => known.id !== order.id)
  const known = state.orders.find((candidate) => candidate.id === order.id)
  const merged = { ...known, ...order }
  return {
    ...state,
    orders: known
      ? state.orders.map((candidate) => (candidate.id === order.id ? merged : candidate))
      : [merged, ...rest].slice(0, MAX_SIDE_LIST),
  }
}

const setCaption =
  (final: boolean): Handler =>
  (state, data, event) => ({
    ...state,
    caption: { ...(data as unknown as Omit<Caption, 'final' | 'at'>), final, at: event.at },
  })

const handlers: Record<string, Handler> = {
  'chat.message': addMessage,
  'chat.answer': addMessage,
  'chat.deleted': (state, data) => ({
    ...state,
    messages: state.messages.filter((message) => message.id !== data.message_id),
  }),
  'pin.set': (state, data) => {
    const pin = data as unknown as Pin
    return {
      ...state,
      pins: [pin, ...state.pins.filter((known) => known.product_id !== pin.product_id)],
      suggestions: state.suggestions.filter((known) => known.product_id !== pin.product_id),
    }
  },
  'pin.cleared': (state, data) => ({
    ...state,
    pins: state.pins.filter((pin) =>
      data.pin_id ? pin.id !== data.pin_id : pin.product_id !== data.product_id,
    ),
  }),
  'room.updated': (state, data) => ({
    ...state,
    room: { ...state.room, ...(data as Partial<Room>) },
  }),
  'queue.updated': (state, data) => ({
    ...state,
    products: [...((data.products as RoomProduct[] | undefined) ?? [])].sort(
      (a, b) => a.position - b.position,
    ),
  }),
  'stock.changed': (state, data) => ({
    ...state,
    products: state.products.map((entry) =>
      entry.product.id === data.product_id
        ? {
            ...entry,
            product: withStock(entry.product, String(data.sku_id), Number(data.available)),
          }
        : entry,
    ),
  }),
  'caption.partial': setCaption(false),
  'caption.final': setCaption(true),
  'transcript.partial': (state, data) => ({
    ...state,
    partial: data as unknown as TranscriptSegment,
  }),
  'transcript.segment': (state, data) => {
    const segment = data as unknown as TranscriptSegment
    return {
      ...state,
      partial: null,
      transcript: [...state.transcript.filter((known) => known.id !== segment.id), segment].slice(
        -MAX_TRANSCRIPT,
      ),
    }
  },
  'pin.suggested': (state, data, event) => {
    const suggestion = { created_at: event.at, ...data } as unknown as Suggestion
    return {
      ...state,
      suggestions: [
        suggestion,
        ...state.suggestions.filter((known) => known.product_id !== suggestion.product_id),
      ],
    }
  },
  'cue.warning': (state, data, event) => ({
    ...state,
    warnings: [{ id: String(data.id ?? event.id), at: event.at, data }, ...state.warnings].slice(
      0,
      MAX_SIDE_LIST,
    ),
  }),
  'order.created': upsertOrder,
  'order.paid': upsertOrder,
  'order.cancelled': upsertOrder,
  'chat.held': (state, data, event) =>
    data.message
      ? {
          ...state,
          held: [
            {
              id: event.id,
              case_id: String(data.case_id),
              message: data.message as ChatMessage,
            },
            ...state.held,
          ].slice(0, MAX_SIDE_LIST),
        }
      : state,
}

function withStock(product: RoomProduct['product'], skuId: string, available: number) {
  return {
    ...product,
    skus: product.skus.map((sku) => (sku.id === skuId ? { ...sku, available } : sku)),
  }
}
