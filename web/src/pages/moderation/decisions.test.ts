import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ModerationCase } from '@/api/moderation'
import { DecisionBuffer, type HeldDecision } from './decisions'

const item = (id: string) => ({ id }) as ModerationCase

describe('DecisionBuffer', () => {
  let sent: [string, string, string][]
  let held: string[]
  let buffer: DecisionBuffer

  beforeEach(() => {
    vi.useFakeTimers()
    sent = []
    held = []
    buffer = new DecisionBuffer({
      delayMs: 4_000,
      send: async ({ case: target, decision, reason }: HeldDecision) => {
        sent.push([target.id, decision, reason])
      },
      onChange: (items) => {
        held = items.map((known) => known.case.id)
      },
    })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('sends a decision only when its time to take it back is over', () => {
    buffer.hold(item('a'), 'release', '')
    vi.advanceTimersByTime(3_999)
    expect([sent, held]).toEqual([[], ['a']])
    vi.advanceTimersByTime(1)
    expect([sent, held]).toEqual([[['a', 'release', '']], []])
  })

  it('takes back the latest, or the one named, and nothing twice', () => {
    buffer.hold(item('a'), 'release', '')
    buffer.hold(item('b'), 'uphold', 'spam')
    buffer.hold(item('c'), 'release', '')
    expect(buffer.undo('b')?.reason).toBe('spam')
    expect(buffer.undo()?.case.id).toBe('c')
    expect(held).toEqual(['a'])
    vi.advanceTimersByTime(10_000)
    expect(sent).toEqual([['a', 'release', '']])
    expect(buffer.undo()).toBeNull()
  })

  it('lets a second decision replace the first and begins its time anew', () => {
    buffer.hold(item('a'), 'release', '')
    vi.advanceTimersByTime(3_000)
    buffer.hold(item('a'), 'uphold', 'after all')
    vi.advanceTimersByTime(3_000)
    expect(sent).toEqual([])
    vi.advanceTimersByTime(1_000)
    expect(sent).toEqual([['a', 'uphold', 'after all']])
  })

  it('sends all that is held when the page goes away, each once', () => {
    buffer.hold(item('a'), 'release', '')
    buffer.hold(item('b'), 'uphold', '')
    buffer.flush()
    vi.advanceTimersByTime(10_000)
    expect(sent).toEqual([
      ['a', 'release', ''],
      ['b', 'uphold', ''],
    ])
    expect(held).toEqual([])
  })
})
