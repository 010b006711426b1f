import { describe, expect, it } from 'vitest'
import type { Coupon, FlashSale } from '@/api/merchant'
import {
  type CouponForm,
  couponInput,
  emptyCoupon,
  parseBasisPoints,
  phase,
  usedShare,
} from './promotions'

const START = Date.UTC(2026, 10, 23, 8)
const form = (change: Partial<CouponForm>): CouponForm => ({
  ...emptyCoupon(),
  code: ' new20 ',
  amount: '20',
  period: [START, START + 3_600_000],
  ...change,
})

describe('a coupon as typed', () => {
  it('becomes an amount off', () => {
    expect(couponInput(form({ threshold: '99.5', totalLimit: 100 }))).toEqual({
      code: 'NEW20',
      amount_cents: 2000,
      rate_bps: null,
      max_discount_cents: null,
      threshold_cents: 9950,
      currency: 'CNY',
      room_id: null,
      funded_by: 'merchant',
      total_limit: 100,
      per_buyer: 1,
      starts_at: '2026-11-23T08:00:00.000Z',
      ends_at: '2026-11-23T09:00:00.000Z',
    })
  })

  it('becomes a share off, with a ceiling', () => {
    const input = couponInput(form({ kind: 'rate', percent: '12.5', maxDiscount: '50' }))
    expect([input?.amount_cents, input?.rate_bps, input?.max_discount_cents]).toEqual([
      null,
      1250,
      5000,
    ])
  })

  it('is refused where it makes no sense', () => {
    for (const wrong of [
      { code: 'a!' },
      { amount: '' },
      { amount: '0' },
      { amount: '-5' },
      { threshold: 'x' },
      { period: null },
      { period: [START, START] as [number, number] },
      { kind: 'rate' as const, percent: '0' },
      { kind: 'rate' as const, percent: '10', maxDiscount: 'x' },
    ]) {
      expect(couponInput(form(wrong)), JSON.stringify(wrong)).toBeNull()
    }
  })
})

describe('percent', () => {
  it('is read in basis points, without floats', () => {
    expect(['10', '0.29', '12.5', '100', '１５％'].map(parseBasisPoints)).toEqual([
      1000, 29, 1250, 10000, 1500,
    ])
    expect(['0', '100.01', '1.234', 'x', ''].map(parseBasisPoints)).toEqual([
      null,
      null,
      null,
      null,
      null,
    ])
  })
})

describe('a promotion', () => {
  it('is planned, running, over', () => {
    const period = { starts_at: '2026-11-23T08:00:00Z', ends_at: '2026-11-23T09:00:00Z' }
    const at = (minutes: number) => phase(period, START + minutes * 60_000)
    expect([at(-1), at(0), at(59), at(60)]).toEqual(['planned', 'running', 'running', 'over'])
  })

  it('says how much of it is gone', () => {
    expect(usedShare({ quantity: 40, sold: 10 } as FlashSale)).toBe(0.25)
    expect(usedShare({ total_limit: 10, used: 12 } as Coupon)).toBe(1)
    expect(usedShare({ total_limit: null, used: 12 } as Coupon)).toBeNull()
  })
})
