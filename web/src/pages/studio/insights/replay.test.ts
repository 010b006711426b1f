import { describe, expect, it } from 'vitest'
import type { ReplayTimeline } from '@/api/replay'
import type { Mark, ScriptMoment } from '@/api/types'
import { happenings, lastAt, positionOf } from './replay'

const timeline: ReplayTimeline = {
  room_id: 'r',
  began_at: '2026-11-23T20:00:00Z',
  duration_s: 100,
  url: '',
  products: [
    // The stream was away for half a minute before this one.
    {
      window_id: 'w',
      product_id: 'p',
      began_at: '2026-11-23T20:01:00Z',
      position_s: 30,
      duration_s: 20,
      clip_url: null,
    },
  ],
}

describe('a show on its recording', () => {
  it('finds moments although the stream was away', () => {
    expect(positionOf(timeline, '2026-11-23T20:00:10Z')).toBe(10)
    expect(positionOf(timeline, '2026-11-23T20:01:05Z')).toBe(35)
    expect(positionOf(timeline, '2026-11-23T19:59:00Z')).toBe(0)
    expect(positionOf(timeline, '2026-11-23T21:00:00Z')).toBe(100)
  })

  it('keeps planned and unplanned in one order', () => {
    const marks = [
      { kind: 'step', at: '2026-11-23T20:00:01Z', label: 'doubled' },
      { kind: 'red_packet', at: '2026-11-23T20:00:20Z', label: '' },
    ] as Mark[]
    const moments = [
      { id: 'm', title: '面膜', note: '讲成分', began_at: '2026-11-23T20:01:00Z' },
    ] as ScriptMoment[]
    const list = happenings(timeline, marks, moments, (named) => named.name)
    expect(list.map((item) => [item.kind, item.positionS])).toEqual([
      ['red_packet', 20],
      ['step', 30],
    ])
    expect([lastAt(list, 5), lastAt(list, 29), lastAt(list, 30)]).toEqual([-1, 0, 1])
  })
})
