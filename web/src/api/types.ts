/**
 * The shapes of the HTTP API and of events, by the names that the client uses. They come from the
 * OpenAPI document (`npm run api`). Times are ISO 8601 strings, money is minor units.
 */
import type { components } from './generated'

type Schemas = components['schemas']

export type Id = string
export type Cursors = Record<string, number>

export interface Page<T> {
  items: T[]
}

export type Role = Schemas['Role']
export type Me = Schemas['Me']
export type Account = Schemas['Account']
export type AccessToken = Schemas['TokenInfo']
export interface Person {
  id: Id
  display_name: string
}

export type Room = Omit<Schemas['Room'], 'stats'> & { stats: RoomStats }
export type RoomStatus = Room['status']
export type StreamState = Room['stream']
export type PinMode = Room['pin_mode']
export type RoomStats = Required<Schemas['Stats']>
export type RoomProduct = Schemas['RoomProduct']
export type Evidence = Schemas['Evidence']
export type Pin = Schemas['Pin']
export type Suggestion = Schemas['Suggestion']
/** What the host is told: `warning.*`, said differs from held; `offer.*`, an action was announced. */
export type Cue = Schemas['Cue']
export type RoomSnapshot = Omit<Schemas['Snapshot'], 'room' | 'stats'> & {
  room: Room
  stats: RoomStats
}
/** A stored sentence; in events it has no `created_at` while it is still partial. */
export type TranscriptSegment = Omit<Schemas['Segment'], 'created_at'> & { created_at?: string }

export interface Endpoint {
  url: string
  token: string
  ice_servers?: RTCIceServer[]
}
export type RoomTokens = Omit<Schemas['RoomTokens'], 'ice_servers'> & {
  ice_servers: RTCIceServer[]
}

export type ChatMessage = Schemas['ChatMessage']
export type MessageKind = ChatMessage['kind']
export type ChatRules = Schemas['ChatRules']

export type RedPacket = Schemas['RedPacket']
export type RedPacketDetail = Schemas['RedPacketDetail']
export type RedPacketInput = Schemas['NewRedPacket']
export type RedPacketClaim = Schemas['Claimed']

export type Product = Schemas['ProductOut']
export type Sku = Schemas['SkuOut']

/** In the address book; an order's own copy has no id. */
export type Address = Schemas['AddressOut'] & { id: Id }
export type AddressInput = Schemas['AddressIn']
export type Order = Schemas['OrderOut']
export type OrderLine = Schemas['OrderLineOut']
export type OrderStatus = Order['status']
export type OrderInput = Schemas['OrderIn']
export type Payment = Schemas['PaymentOut']
export type Quote = Schemas['QuoteOut']
export type Invoice = Schemas['InvoiceIn']
export type Cart = Schemas['CartOut']
export type CartLine = Schemas['CartLineOut']
export type Shipment = Schemas['ShipmentOut']
export type AfterSale = Schemas['AfterSaleOut']
export type AfterSaleInput = Schemas['AfterSaleIn']
export type AfterSaleKind = AfterSale['kind']
export type AfterSaleStatus = AfterSale['status']

export type FortuneBag = Schemas['FortuneBag']
export type FortuneBagInput = Schemas['NewFortuneBag']
export type Poll = Schemas['Poll']
export type PollInput = Schemas['NewPoll']
export type Following = Schemas['Following']
export type CouponDrop = Schemas['CouponDrop']
export type CouponDropInput = Schemas['NewCouponDrop']
export type ClaimedCoupon = Schemas['ClaimedCoupon']
export type FlashSale = Schemas['FlashSale']
export type FlashSaleInput = Schemas['NewFlashSale']
export type People = Schemas['People']
export type Insights = Schemas['Insights']
export type Mark = Schemas['Mark']
export type Script = Schemas['Script']
export type ScriptStep = Schemas['Step']
export type ScriptStepInput = Schemas['StepIn']
export type ScriptMoment = Schemas['Moment']
