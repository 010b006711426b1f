/** The shapes of the HTTP API and of events. Times are ISO 8601 strings, money is minor units. */
export type Id = string

export type Role = 'viewer' | 'host' | 'moderator' | 'merchant' | 'admin'

export interface Me {
  id: Id
  email: string
  display_name: string
  roles: Role[]
  locale: string
}

export type RoomStatus = 'scheduled' | 'live' | 'ended'
export type StreamState = 'offline' | 'live' | 'reconnecting'
export type PinMode = 'auto' | 'suggest'

export interface RoomStats {
  viewers: number
  likes: number
}

export interface Person {
  id: Id
  display_name: string
}

export interface Room {
  id: Id
  title: string
  description: string
  cover_url: string | null
  host: Person
  status: RoomStatus
  stream: StreamState
  pin_mode: PinMode
  scheduled_at: string | null
  started_at: string | null
  ended_at: string | null
  stats: RoomStats
}

export interface Sku {
  id: Id
  code: string
  name: string
  options: Record<string, string>
  price_cents: number
  list_price_cents: number | null
  currency: string
  available: number
}

export interface Product {
  id: Id
  slug: string
  name: string
  name_en: string
  category: string
  description: string
  image_url: string | null
  status: string
  attributes: Record<string, unknown>
  aliases: string[]
  skus: Sku[]
}

export interface RoomProduct {
  position: number
  product: Product
}

export interface Evidence {
  text: string
  score: number
  rule: string
}

export interface Pin {
  id: Id
  product_id: Id
  source: 'auto' | 'host'
  pinned_at: string
  evidence: Evidence | null
}

export interface Suggestion {
  id: Id
  product_id: Id
  evidence: Evidence
  created_at: string
}

export type MessageKind = 'viewer' | 'host' | 'assistant' | 'system'

export interface ChatMessage {
  id: Id
  room_id: Id
  kind: MessageKind
  author: Person
  text: string
  reply_to: Id | null
  created_at: string
  client_id: Id | null
}

export interface TranscriptSegment {
  id: Id
  text: string
  language: string
  start_s: number
  end_s: number
  created_at?: string
}

export type Cursors = Record<string, number>

export interface RoomSnapshot {
  room: Room
  products: RoomProduct[]
  pins: Pin[]
  suggestions?: Suggestion[] | null
  messages: ChatMessage[]
  stats: RoomStats
  cursors: Cursors
}

export interface Endpoint {
  url: string
  token: string
  ice_servers?: RTCIceServer[]
}

export interface RoomTokens {
  gateway: Endpoint
  whep: Endpoint
  whip: Endpoint | null
  ice_servers?: RTCIceServer[]
  expires_at: string
}

export interface Address {
  id: Id
  recipient: string
  phone: string
  region: string
  street: string
  is_default: boolean
}

export interface AddressInput {
  recipient: string
  phone: string
  region: string
  street: string
  is_default?: boolean
}

export type OrderStatus =
  | 'pending_payment'
  | 'paid'
  | 'shipped'
  | 'completed'
  | 'cancelled'
  | 'expired'
  | 'refunding'
  | 'refunded'

export interface OrderLine {
  sku_id: Id
  product_id: Id
  product_name: string
  product_name_en: string
  sku_name: string
  image_url: string | null
  quantity: number
  unit_price_cents: number
  discount_cents: number
  total_cents: number
  shipped_quantity: number
  refunded_quantity: number
  refunded_cents: number
}

export interface Order {
  id: Id
  number: string
  status: OrderStatus
  lines: OrderLine[]
  items_cents: number
  discount_cents: number
  shipping_cents: number
  total_cents: number
  refunded_cents: number
  currency: string
  /** Of an order: `id` is null; masked for everybody but its buyer. */
  address: (Omit<Address, 'id'> & { id: Id | null }) | null
  note: string
  room_id: Id | null
  created_at: string
  expires_at: string | null
  paid_at: string | null
  shipped_at: string | null
  completed_at: string | null
  carrier: string | null
  tracking: string | null
  buyer: { display_name: string }
}

export interface OrderInput {
  room_id?: Id | null
  lines: { sku_id: Id; quantity: number }[]
  address_id?: Id | null
  note?: string
}

export interface Payment {
  id: Id
  provider: string
  status: string
  amount_cents: number
  pay_url: string
}

export interface Page<T> {
  items: T[]
}
