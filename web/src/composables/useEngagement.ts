import { shallowRef } from 'vue'
import { fortuneBags, polls, redPackets } from '@/api/engagement'
import type { Id, Page, RedPacketClaim } from '@/api/types'
import { applyEngagement, type Engagement, NO_ENGAGEMENT } from '@/live/engagement'
import type { LiveEvent } from '@/live/protocol'

/** Red packets, fortune bags and polls of a room, with what this viewer did about them. */
export function useEngagement(roomId: Id) {
  const state = shallowRef<Engagement>(NO_ENGAGEMENT)
  const claimed = shallowRef<ReadonlyMap<Id, RedPacketClaim>>(new Map())
  const entered = shallowRef<ReadonlySet<Id>>(new Set())
  const voted = shallowRef<ReadonlyMap<Id, number>>(new Map())

  async function load(): Promise<void> {
    const none = <T>(): Page<T> => ({ items: [] })
    const [packets, bags, questions] = await Promise.all([
      redPackets.ofRoom(roomId).catch(none),
      fortuneBags.ofRoom(roomId).catch(none),
      polls.ofRoom(roomId).catch(none),
    ])
    state.value = {
      redPackets: packets.items as Engagement['redPackets'],
      fortuneBags: bags.items as Engagement['fortuneBags'],
      polls: questions.items as Engagement['polls'],
    }
  }

  function apply(event: LiveEvent): void {
    state.value = applyEngagement(state.value, event)
  }

  async function claim(id: Id): Promise<RedPacketClaim> {
    const share = await redPackets.claim(id)
    claimed.value = new Map(claimed.value).set(id, share)
    return share
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

  return { state, claimed, entered, voted, load, apply, claim, enter, vote }
}

export type EngagementHandle = ReturnType<typeof useEngagement>
