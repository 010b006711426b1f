import type { FortuneBag, Id, Poll, RedPacket } from '@/api/types'
import type { LiveEvent } from './protocol'

/** What the host gives and asks in a room: newest first, ended ones stay until the page goes. */
export interface Engagement {
  redPackets: RedPacket[]
  fortuneBags: FortuneBag[]
  polls: Poll[]
}

export const NO_ENGAGEMENT: Engagement = { redPackets: [], fortuneBags: [], polls: [] }

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
