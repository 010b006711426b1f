import { http } from './client'
import type {
  ClaimedCoupon,
  CouponDrop,
  CouponDropInput,
  FlashSale,
  FlashSaleInput,
  Following,
  FortuneBag,
  FortuneBagInput,
  Id,
  Page,
  Poll,
  PollInput,
  RedPacket,
  RedPacketClaim,
  RedPacketInput,
} from './types'

export const follows = {
  get: (hostId: Id) => http.get<Following>(`/hosts/${hostId}/follow`),
  follow: (hostId: Id, byEmail = false) =>
    http.put<Following>(`/hosts/${hostId}/follow`, { by_email: byEmail }),
  unfollow: (hostId: Id) => http.delete<Following>(`/hosts/${hostId}/follow`),
}

export const redPackets = {
  ofRoom: (roomId: Id) => http.get<Page<RedPacket>>(`/rooms/${roomId}/red-packets`),
  give: (roomId: Id, input: RedPacketInput) =>
    http.post<RedPacket>(`/rooms/${roomId}/red-packets`, input),
  claim: (id: Id) => http.post<RedPacketClaim>(`/red-packets/${id}/claim`),
}

export const fortuneBags = {
  ofRoom: (roomId: Id) => http.get<Page<FortuneBag>>(`/rooms/${roomId}/fortune-bags`),
  open: (roomId: Id, input: FortuneBagInput) =>
    http.post<FortuneBag>(`/rooms/${roomId}/fortune-bags`, input),
  enter: (id: Id) => http.post<{ bag_id: Id; ticket: Id }>(`/fortune-bags/${id}/enter`),
}

export const polls = {
  ofRoom: (roomId: Id) => http.get<Page<Poll>>(`/rooms/${roomId}/polls`),
  ask: (roomId: Id, input: PollInput) => http.post<Poll>(`/rooms/${roomId}/polls`, input),
  vote: (id: Id, option: number) => http.post<Poll>(`/polls/${id}/vote`, { option }),
}

export const couponDrops = {
  drop: (roomId: Id, input: CouponDropInput) =>
    http.post<CouponDrop>(`/rooms/${roomId}/coupon-drops`, input),
  mine: (roomId: Id) => http.get<ClaimedCoupon[]>(`/rooms/${roomId}/coupon-drops/mine`),
  claim: (id: Id) => http.post<ClaimedCoupon>(`/coupon-drops/${id}/claim`),
}

export const flashSales = {
  begin: (roomId: Id, input: FlashSaleInput) =>
    http.post<FlashSale>(`/rooms/${roomId}/flash-sales`, input),
  ofRoom: (roomId: Id) => http.get<Page<FlashSale>>(`/rooms/${roomId}/flash-sales`),
  end: (id: Id) => http.post<FlashSale>(`/flash-sales/${id}/end`),
}

export const push = {
  ways: () => http.get<{ public_key: string; email: boolean }>('/push'),
  subscribe: (subscription: PushSubscriptionJSON) =>
    http.put<void>('/push/subscriptions', {
      endpoint: subscription.endpoint,
      keys: subscription.keys,
    }),
}
