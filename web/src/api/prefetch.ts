import { type CasePage, moderation } from './moderation'
import { rooms } from './rooms'
import type { Id, RoomSnapshot, RoomTokens } from './types'

export interface RoomPrefetch {
  snapshot: Promise<RoomSnapshot>
  tokens: Promise<RoomTokens>
}

const prefetched = new Map<Id, RoomPrefetch>()

/** Starts the two requests that stand between a viewer and the picture. */
export function prefetchRoom(id: Id): void {
  const started = { snapshot: rooms.snapshot(id), tokens: rooms.tokens(id) }
  // Whoever takes them sees the errors; until then they are nobody's.
  for (const request of Object.values(started)) request.catch(() => {})
  prefetched.set(id, started)
}

/** What was started for this room, once. */
export function takePrefetched(id: Id): RoomPrefetch | undefined {
  const started = prefetched.get(id)
  prefetched.delete(id)
  return started
}

let openCases: Promise<CasePage> | undefined

/** Starts the request that stands between a moderator and the queue. */
export function prefetchOpenCases(): void {
  openCases = moderation.cases('open')
  openCases.catch(() => {})
}

/** What was started for the queue, once. */
export function takeOpenCases(): Promise<CasePage> | undefined {
  const started = openCases
  openCases = undefined
  return started
}
