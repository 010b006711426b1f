import type {
  ChatMessage,
  ChatRules,
  Cue,
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
  /** The utterance still being heard. */
  partial: TranscriptSegment | null
  orders: OrderSummary[]
  cues: Cue[]
  chatRules: ChatRules | null
  /** The message that the host keeps on top. */
  pinnedMessage: ChatMessage | null
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
    cues: snapshot.cues ?? [],
    chatRules: snapshot.chat_rules ?? null,
    pinnedMessage: snapshot.chat_rules?.pinned ?? null,
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

/** Newest first; a pin that is known by its id stays where it is and keeps its evidence. */
function setPin(state: RoomState, pin: Pin): RoomState {
  const known = state.pins.find((other) => other.id === pin.id)
  if (known) {
    const merged = { ...known, ...pin, evidence: pin.evidence ?? known.evidence }
    return { ...state, pins: state.pins.map((other) => (other === known ? merged : other)) }
  }
  return {
    ...state,
    pins: [pin, ...state.pins.filter((other) => other.product_id !== pin.product_id)],
    suggestions: state.suggestions.filter((other) => other.product_id !== pin.product_id),
  }
}

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

const addCue: Handler = (state, data) => {
  const cue = data as unknown as Cue
  return {
    ...state,
    cues: [cue, ...state.cues.filter((known) => known.id !== cue.id)].slice(0, MAX_SIDE_LIST),
  }
}

/** Words so far, or the whole sentence in their place: captions for all, the transcript's last line. */
const setCaption =
  (final: boolean): Handler =>
  (state, data, event) => {
    const segment = data as unknown as TranscriptSegment
    return {
      ...state,
      caption: { ...segment, final, at: event.at },
      partial: final ? null : segment,
    }
  }

const handlers: Record<string, Handler> = {
  'chat.message': addMessage,
  'chat.answer': addMessage,
  'chat.deleted': (state, data) => ({
    ...state,
    messages: state.messages.filter((message) => message.id !== data.message_id),
  }),
  'pin.set': (state, data) => setPin(state, data as unknown as Pin),
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
  'transcript.segment': (state, data) => {
    const segment = data as unknown as TranscriptSegment
    const others = state.transcript.filter((known) => known.id !== segment.id)
    return {
      ...state,
      partial: state.partial?.id === segment.id ? null : state.partial,
      transcript: [...others, segment].slice(-MAX_TRANSCRIPT),
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
  'pin.suggestion_closed': (state, data) => ({
    ...state,
    suggestions: state.suggestions.filter((known) => known.id !== (data.id ?? data.suggestion_id)),
  }),
  // For staff: the same pin with its evidence, on a topic of its own, so before or after it.
  'pin.explained': (state, data) => setPin(state, data as unknown as Pin),
  'cue.warning': addCue,
  'cue.offer': addCue,
  'cue.closed': (state, data) => ({
    ...state,
    cues: state.cues.filter((known) => known.id !== data.id),
  }),
  'chat.rules': (state, data) => ({ ...state, chatRules: data as unknown as ChatRules }),
  'chat.pinned': (state, data) => ({
    ...state,
    pinnedMessage: (data.pinned ?? data.message ?? null) as ChatMessage | null,
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
