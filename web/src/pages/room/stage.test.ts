import { expect, it } from 'vitest'
import { stageState } from './stage'

it.each([
  ['ended', 'live', 'connected', true, 'ended'],
  ['scheduled', 'offline', 'idle', false, 'offline'],
  ['live', 'live', 'connecting', false, 'connecting'],
  ['live', 'live', 'connected', false, 'connecting'],
  ['live', 'live', 'connected', true, 'live'],
  ['live', 'reconnecting', 'connected', true, 'reconnecting'],
  ['live', 'live', 'retrying', true, 'reconnecting'],
  ['live', 'offline', 'retrying', false, 'reconnecting'],
  ['live', 'offline', 'connected', true, 'live'],
] as const)(
  'room %s, stream %s, link %s, frame %s: %s',
  (status, stream, link, frame, expected) => {
    expect(stageState({ status, stream }, link, frame)).toBe(expected)
  },
)
