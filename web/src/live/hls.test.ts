import { expect, it } from 'vitest'
import { hlsUrls, shouldFallBack } from './hls'

it('finds the playlists beside the WHEP address', () => {
  expect(hlsUrls('https://live.example:8002/media/whep/r1', 'r1')).toEqual({
    live: 'https://live.example:8002/media/hls/r1/index.m3u8',
    replay: 'https://live.example:8002/media/vod/r1/index.m3u8',
    timeline: 'https://live.example:8002/media/vod/r1/timeline',
  })
})

it.each([
  [[], false],
  [['network'], false],
  [['network', 'network'], true],
  [['no_stream', 'network'], false],
  [['lost', 'full'], true],
  [['network', 'network', 'credentials'], false],
] as const)('after %j falls back: %s', (failures, expected) => {
  expect(shouldFallBack(failures)).toBe(expected)
})
