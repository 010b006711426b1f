import type { Room } from '@/api/types'
import type { LinkState } from '@/live/media-link'

export type StageState = 'connecting' | 'live' | 'reconnecting' | 'offline' | 'ended'

/** What the viewer is told about the picture. */
export function stageState(
  room: Pick<Room, 'status' | 'stream'>,
  link: LinkState,
  hasFrame: boolean,
): StageState {
  if (room.status === 'ended') return 'ended'
  if (room.status === 'scheduled') return 'offline'
  if (room.stream === 'reconnecting') return 'reconnecting'
  if (link === 'connected' && hasFrame) return 'live'
  if (room.stream === 'offline') return 'reconnecting'
  return hasFrame ? 'reconnecting' : 'connecting'
}
