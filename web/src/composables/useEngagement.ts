import { computed, shallowRef } from 'vue'
import { couponDrops, flashSales, fortuneBags, polls, redPackets } from '@/api/engagement'
import type { ClaimedCoupon, Id, RedPacketClaim, RoomSnapshot } from '@/api/types'
import {
  applyEngagement,
  applyFlashLeft,
  type Engagement,
  engagementFromSnapshot,
  NO_ENGAGEMENT,
} from '@/live/engagement'
import type { LiveEvent, LiveStats } from '@/live/protocol'

/** Viewers who all miss the same flash sale do not ask for it at the same moment. */
const ASK_WITHIN_MS = 2_000

/** What the host gives, sells cheaper and asks in a room, with what this viewer did about it. */
export function useEngagement(roomId: Id) {
  const state = shallowRef<Engagement>(NO_ENGAGEMENT)
  const claimed = shallowRef<ReadonlyMap<Id, RedPacketClaim>>(new Map())
  const entered = shallowRef<ReadonlySet<Id>>(new Set())
  const voted = shallowRef<ReadonlyMap<Id, number>>(new Map())
  const coupons = shallowRef<ReadonlyMap<Id, ClaimedCoupon>>(new Map())
  let asking = false

  /** The coupon that this viewer took last and that still counts. */
  const coupon = computed(() => {
    const valid = [...coupons.value.values()].filter(
      (mine) => !mine.used && Date.parse(mine.valid_until) > Date.now(),
    )
    return valid.at(-1) ?? null
  })

  function load(snapshot: RoomSnapshot): void {
    state.value = engagementFromSnapshot(snapshot)
    keepCoupons(snapshot.coupons ?? [])
  }

  /** After logging in: what was taken before. */
  async function loadMine(): Promise<void> {
    keepCoupons(await couponDrops.mine(roomId).catch(() => []))
  }

  function keepCoupons(mine: readonly ClaimedCoupon[]): void {
    coupons.value = new Map(mine.toReversed().map((item) => [item.drop_id, item]))
  }

  function apply(event: LiveEvent): void {
    state.value = applyEngagement(state.value, event)
  }

  function applyStats(stats: LiveStats): void {
    if (!stats.flash) return
    state.value = applyFlashLeft(state.value, stats.flash)
    const known = new Set(state.value.flashSales.map((sale) => sale.id))
    if (Object.keys(stats.flash).some((id) => !known.has(id))) askForFlashSales()
  }

  /** A sale that began elsewhere than in this room is only known by its id. */
  function askForFlashSales(): void {
    if (asking) return
    asking = true
    setTimeout(async () => {
      const found = await flashSales.ofRoom(roomId).catch(() => null)
      if (found) state.value = { ...state.value, flashSales: found.items }
      asking = false
    }, Math.random() * ASK_WITHIN_MS)
  }

  async function claim(id: Id): Promise<RedPacketClaim> {
    const share = await redPackets.claim(id)
    claimed.value = new Map(claimed.value).set(id, share)
    return share
  }

  async function takeCoupon(id: Id): Promise<ClaimedCoupon> {
    const mine = await couponDrops.claim(id)
    coupons.value = new Map(coupons.value).set(id, mine)
    return mine
  }

  /** An order has used this coupon. */
  function spend(code: string): void {
    coupons.value = new Map(
      [...coupons.value].map(([id, mine]) => [
        id,
        mine.code === code ? { ...mine, used: true } : mine,
      ]),
    )
  }

  async function enter(id: Id): Promise<void> {
    await fortuneBags.enter(id)
    entered.value = new Set(entered.value).add(id)
  }

  async function vote(id: Id, option: number): Promise<void> {
    const poll = await polls.vote(id, option)
    voted.value = new Map(voted.value).set(id, option)
    state.value = {
      ...state.value,
      polls: state.value.polls.map((item) => (item.id === id ? poll : item)),
    }
  }

  return {
    state,
    claimed,
    entered,
    voted,
    coupons,
    coupon,
    load,
    loadMine,
    apply,
    applyStats,
    claim,
    takeCoupon,
    spend,
    enter,
    vote,
  }
}

export type EngagementHandle = ReturnType<typeof useEngagement>
