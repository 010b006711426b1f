import { describe, expect, it } from 'vitest'
import { CatchUp } from './catch-up'

describe('CatchUp', () => {
  it('waits for half a calm minute after the last stall, and asks once', () => {
    const catchUp = new CatchUp()
    expect(catchUp.isDue(0)).toBe(false)
    catchUp.stalled(1_000)
    catchUp.stalled(20_000)
    expect(catchUp.isDue(49_000)).toBe(false)
    expect(catchUp.isDue(50_000)).toBe(true)
    expect(catchUp.isDue(51_000)).toBe(false)
  })

  it('waits twice as long where it came too close', () => {
    const catchUp = new CatchUp()
    catchUp.stalled(0)
    expect(catchUp.isDue(30_000)).toBe(true)
    catchUp.stalled(40_000)
    expect(catchUp.isDue(99_000)).toBe(false)
    expect(catchUp.isDue(100_000)).toBe(true)
  })

  it('does not hold a stall against it that came long after', () => {
    const catchUp = new CatchUp()
    catchUp.stalled(0)
    expect(catchUp.isDue(30_000)).toBe(true)
    catchUp.stalled(100_000)
    expect(catchUp.isDue(130_000)).toBe(true)
  })
})
