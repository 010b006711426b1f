import { expect, it } from 'vitest'
import type { CouponDrop, FlashSale, RedPacket } from '@/api/types'
import { applyEngagement, applyFlashLeft, NO_ENGAGEMENT } from './engagement'
import { liveEvent } from './testing'

const packet: RedPacket = {
  id: 'p1',
  room_id: 'r',
  total_cents: 1000,
  shares: 10,
  currency: 'CNY',
  greeting: '',
  status: 'open',
  claimed: 0,
  claimed_cents: 0,
  created_at: '2026-01-01T00:00:00Z',
  expires_at: '2026-01-01T00:05:00Z',
}

const event = (seq: number, type: string, data: object) =>
  liveEvent(seq, type, data as Record<string, unknown>)

it('opens, counts and ends a red packet', () => {
  let state = applyEngagement(NO_ENGAGEMENT, event(1, 'red_packet.opened', packet))
  state = applyEngagement(
    state,
    event(2, 'red_packet.claimed', { id: 'p1', claimed: 3, claimed_cents: 300 }),
  )
  expect(state.redPackets).toEqual([{ ...packet, claimed: 3, claimed_cents: 300 }])
  state = applyEngagement(
    state,
    event(3, 'red_packet.ended', { ...packet, status: 'empty', claimed: 10 }),
  )
  expect(state.redPackets.map((item) => [item.status, item.claimed])).toEqual([['empty', 10]])
})

it('leaves out the count of what it does not know, and events about other things', () => {
  const counted = applyEngagement(NO_ENGAGEMENT, event(1, 'poll.counted', { id: 'q', votes: [1] }))
  expect(counted.polls).toEqual([])
  expect(applyEngagement(NO_ENGAGEMENT, event(2, 'chat.message', {}))).toBe(NO_ENGAGEMENT)
})

it('counts coupons and flash sales down', () => {
  const drop = {
    id: 'd1',
    quantity: 7,
    claimed: 0,
    created_at: '2026-01-01T00:00:00Z',
  } as CouponDrop
  const sale = { id: 's1', left: 5, ends_at: '2026-01-01T00:05:00Z' } as FlashSale
  let state = applyEngagement(NO_ENGAGEMENT, event(1, 'coupon_drop.opened', drop))
  state = applyEngagement(state, event(2, 'coupon_drop.claimed', { id: 'd1', claimed: 7 }))
  expect(state.couponDrops.map((item) => item.claimed)).toEqual([7])
  state = applyEngagement(state, event(3, 'flash_sale.opened', sale))
  expect(applyFlashLeft(state, { s1: 5, other: 1 })).toBe(state)
  expect(applyFlashLeft(state, { s1: 0 }).flashSales.map((item) => item.left)).toEqual([0])
  const ended = applyEngagement(state, event(4, 'flash_sale.ended', { ...sale, left: 3 }))
  expect(ended.flashSales.map((item) => [item.id, item.left])).toEqual([['s1', 3]])
})
