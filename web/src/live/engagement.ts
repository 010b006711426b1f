import type {
  CouponDrop,
  FlashSale,
  FortuneBag,
  Id,
  Poll,
  RedPacket,
  RoomSnapshot,
} from '@/api/types'
import type { LiveEvent } from './protocol'

/** What the host gives and asks in a room: newest first, ended ones stay until the page goes. */
export interface Engagement {
  redPackets: RedPacket[]
  fortuneBags: FortuneBag[]
  polls: Poll[]
  couponDrops: CouponDrop[]
  flashSales: FlashSale[]
}

export const NO_ENGAGEMENT: Engagement = {
  redPackets: [],
  fortuneBags: [],
  polls: [],
  couponDrops: [],
  flashSales: [],
}

export function engagementFromSnapshot(snapshot: RoomSnapshot): Engagement {
  return {
    redPackets: snapshot.red_packets ?? [],
    fortuneBags: snapshot.fortune_bags ?? [],
    polls: snapshot.polls ?? [],
    couponDrops: snapshot.coupon_drops ?? [],
    flashSales: snapshot.flash_sales ?? [],
  }
}

/** What the room's figures say of flash sales; the same object where they say nothing new. */
export function applyFlashLeft(state: Engagement, left: Record<string, number>): Engagement {
  const news = (sale: FlashSale) => sale.id in left && left[sale.id] !== sale.left
  if (!state.flashSales.some(news)) return state
  return {
    ...state,
    flashSales: state.flashSales.map((sale) =>
      news(sale) ? { ...sale, left: left[sale.id] as number } : sale,
    ),
  }
}

/** The state after an event; the same object where the event is not about engagement. */
export function applyEngagement(state: Engagement, event: LiveEvent): Engagement {
  const { data } = event
  switch (event.type) {
    case 'red_packet.opened':
    case 'red_packet.ended':
    case 'red_packet.claimed':
      return { ...state, redPackets: upsert(state.redPackets, data as Partial<RedPacket>) }
    case 'fortune_bag.opened':
    case 'fortune_bag.drawn':
      return { ...state, fortuneBags: upsert(state.fortuneBags, data as Partial<FortuneBag>) }
    case 'poll.opened':
    case 'poll.counted':
      return { ...state, polls: upsert(state.polls, data as Partial<Poll>) }
    case 'coupon_drop.opened':
    case 'coupon_drop.claimed':
      return { ...state, couponDrops: upsert(state.couponDrops, data as Partial<CouponDrop>) }
    case 'flash_sale.opened':
    case 'flash_sale.ended': {
      const sale = data as unknown as FlashSale
      const rest = state.flashSales.filter((known) => known.id !== sale.id)
      return { ...state, flashSales: [sale, ...rest] }
    }
    default:
      return state
  }
}

/** Merges by id. A part of something that is not known yet is left out: its whole will be fetched. */
function upsert<T extends { id: Id; created_at: string }>(
  list: readonly T[],
  change: Partial<T>,
): T[] {
  if (list.some((item) => item.id === change.id)) {
    return list.map((item) => (item.id === change.id ? { ...item, ...change } : item))
  }
  return change.created_at ? [change as T, ...list] : [...list]
}
