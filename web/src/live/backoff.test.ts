import { expect, it } from 'vitest'
import { Backoff } from './backoff'

it('doubles up to its limit and starts over after a reset', () => {
  const backoff = new Backoff({ baseMs: 100, maxMs: 500, random: () => 1 })
  expect([1, 2, 3, 4, 5].map(() => backoff.nextDelayMs())).toEqual([100, 200, 400, 500, 500])
  backoff.reset()
  expect(backoff.nextDelayMs()).toBe(100)
})

it('spreads clients between half the base and the ceiling', () => {
  const low = new Backoff({ baseMs: 100, random: () => 0 })
  const middle = new Backoff({ baseMs: 100, random: () => 0.5 })
  expect([low.nextDelayMs(), low.nextDelayMs()]).toEqual([50, 50])
  expect([middle.nextDelayMs(), middle.nextDelayMs()]).toEqual([75, 125])
})
