import type { OrderSummary } from '@/live/reducer'
import { http } from './client'
import type {
  ChatMessage,
  ChatRules,
  Cue,
  Id,
  Page,
  People,
  Pin,
  PinMode,
  Room,
  RoomProduct,
  RoomSnapshot,
  RoomStatus,
  RoomTokens,
  TranscriptSegment,
} from './types'

export interface RoomInput {
  title: string
  description?: string
  scheduled_at?: string | null
}

export const rooms = {
  list: (status?: RoomStatus) => http.get<Page<Room>>('/rooms', { query: { status } }),
  mine: () => http.get<Page<Room>>('/rooms/mine'),
  get: (id: Id) => http.get<Room>(`/rooms/${id}`),
  create: (input: RoomInput) => http.post<Room>('/rooms', input),
  update: (id: Id, input: Partial<RoomInput> & { pin_mode?: PinMode }) =>
    http.patch<Room>(`/rooms/${id}`, input),
  start: (id: Id) => http.post<Room>(`/rooms/${id}/start`),
  end: (id: Id) => http.post<Room>(`/rooms/${id}/end`),
  snapshot: (id: Id, signal?: AbortSignal) =>
    http.get<RoomSnapshot>(`/rooms/${id}/snapshot`, { signal }),
  tokens: (id: Id) => http.post<RoomTokens>(`/rooms/${id}/tokens`),
  setProducts: (id: Id, productIds: Id[]) =>
    http.put<{ products: RoomProduct[] }>(`/rooms/${id}/products`, { product_ids: productIds }),
  pin: (id: Id, productId: Id) => http.post<Pin>(`/rooms/${id}/pins`, { product_id: productId }),
  unpin: (id: Id, productId: Id) => http.delete(`/rooms/${id}/pins/${productId}`),
  acceptSuggestion: (id: Id, suggestionId: Id) =>
    http.post<Pin>(`/rooms/${id}/suggestions/${suggestionId}/accept`),
  dismissSuggestion: (id: Id, suggestionId: Id) =>
    http.post<void>(`/rooms/${id}/suggestions/${suggestionId}/dismiss`),
  dismissCue: (id: Id, cueId: Id) => http.post<void>(`/rooms/${id}/cues/${cueId}/dismiss`),
  /** The spoken price becomes the room's price. */
  applyCue: (id: Id, cueId: Id) => http.post<Cue>(`/rooms/${id}/cues/${cueId}/apply`),
  chatRules: (id: Id) => http.get<ChatRules>(`/rooms/${id}/chat-rules`),
  setChatRules: (
    id: Id,
    change: Partial<Pick<ChatRules, 'slow_mode_s' | 'audience' | 'muted_words'>>,
  ) => http.patch<ChatRules>(`/rooms/${id}/chat-rules`, change),
  pinMessage: (id: Id, messageId: Id | null) =>
    http.put<unknown>(`/rooms/${id}/pinned-message`, { message_id: messageId }),
  /** Who is here: some of them by name, and how many in all. */
  people: (id: Id) => http.get<People>(`/rooms/${id}/people`),
  /** The newest orders, for the host and staff. */
  orders: (id: Id) => http.get<OrderSummary[]>(`/rooms/${id}/orders`),
  setCover: (id: Id, picture: Blob) => {
    const form = new FormData()
    form.append('picture', picture)
    return http.put<Room>(`/rooms/${id}/cover`, form)
  },
  deleteMessage: (messageId: Id) => http.delete(`/messages/${messageId}`),
  /** `contains`: only what was said with these words. */
  transcript: (id: Id, contains = '') =>
    http.get<Page<TranscriptSegment>>(
      `/rooms/${id}/transcript${contains ? `?contains=${encodeURIComponent(contains)}` : ''}`,
    ),
  messages: (id: Id, before?: Id) =>
    http.get<Page<ChatMessage>>(`/rooms/${id}/messages`, { query: { before } }),
}
