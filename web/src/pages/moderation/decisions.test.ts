import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ModerationCase } from '@/api/moderation'
import { DecisionBuffer } from './decisions'

const cases = (...ids: string[]) => ids.map((id) => ({ id }) as ModerationCase)

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
      send: async ({ cases: targets, decision, reason }) => {
        sent.push([targets.map((target) => target.id).join(), decision, reason])
      },
      onChange: (items) => {
        held = items.map((item) => item.cases.map((one) => one.id).join())
      },
    })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('sends a decision only when its time to take it back is over', () => {
    buffer.hold(cases('a'), 'release', 'fine')
    vi.advanceTimersByTime(3_999)
    expect([sent, held]).toEqual([[], ['a']])
    vi.advanceTimersByTime(1)
    expect([sent, held]).toEqual([[['a', 'release', 'fine']], []])
  })

  it('takes back the latest, and nothing twice', () => {
    buffer.hold(cases('a'), 'release', 'fine')
    buffer.hold(cases('b', 'c'), 'uphold', 'spam')
    expect(buffer.undo()?.cases.map((one) => one.id)).toEqual(['b', 'c'])
    expect(held).toEqual(['a'])
    vi.advanceTimersByTime(10_000)
    expect(sent).toEqual([['a', 'release', 'fine']])
    expect(buffer.undo()).toBeNull()
  })

  it('takes back the one named', () => {
    buffer.hold(cases('a'), 'release', 'fine')
    buffer.hold(cases('b'), 'release', 'fine')
    expect(buffer.undo(1)?.cases[0]?.id).toBe('a')
    expect(buffer.undo(1)).toBeNull()
    expect(held).toEqual(['b'])
  })

  it('sends all that is held when the page goes away, each once', () => {
    buffer.hold(cases('a'), 'release', 'fine')
    buffer.hold(cases('b', 'c'), 'uphold', 'spam')
    buffer.flush()
    vi.advanceTimersByTime(10_000)
    expect(sent).toEqual([
      ['a', 'release', 'fine'],
      ['b,c', 'uphold', 'spam'],
    ])
    expect(held).toEqual([])
  })
})
