import { describe, expect, it } from 'vitest'
import { nextPollMs } from './polling'

describe('nextPollMs', () => {
  it('asks often at first, then ever less, for what is unpaid', () => {
    const waits = [0, 1, 2, 3, 6, 7, 40].map((asked) => nextPollMs('pending_payment', asked, false))
    expect(waits).toEqual([1500, 2100, 2940, 4116, 11294, 12000, 12000])
  })

  it('looks now and then at what is under way, and no more at what is over', () => {
    expect(nextPollMs('paid', 0, false)).toBe(30_000)
    expect(nextPollMs('refunding', 9, false)).toBe(30_000)
    expect(nextPollMs('expired', 0, false)).toBe(30_000)
    for (const status of ['completed', 'cancelled', 'refunded'] as const) {
      expect(nextPollMs(status, 0, false)).toBeNull()
    }
  })

  it('backs off after a failure, whatever the status', () => {
    expect(nextPollMs('shipped', 0, true)).toBe(1500)
    expect(nextPollMs('shipped', 20, true)).toBe(12_000)
  })
})
