import { describe, expect, it } from 'vitest'
import { formatMoney, moneyParts } from './money'

describe('money', () => {
  it('shows the fraction only where there is one', () => {
    expect(formatMoney(9900, 'CNY')).toBe('¥99')
    expect(formatMoney(9905, 'CNY')).toBe('¥99.05')
    expect(formatMoney(5, 'CNY')).toBe('¥0.05')
    expect(formatMoney(0, 'CNY')).toBe('¥0')
  })

  it('groups thousands and keeps the sign before the symbol', () => {
    expect(formatMoney(123456789, 'USD')).toBe('$1,234,567.89')
    expect(formatMoney(-120000, 'CNY')).toBe('-¥1,200')
  })

  it('knows currencies without minor units', () => {
    expect(formatMoney(1500, 'JPY')).toBe('JPY 1,500')
  })

  it('refuses what is not an integer', () => {
    expect(() => moneyParts(99.5, 'CNY')).toThrow(RangeError)
  })
})
