import { describe, expect, it } from 'vitest'
import { formatMoney, moneyInput, moneyParts, parseMoney } from './money'

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

  it('reads what people type', () => {
    expect(parseMoney('99', 'CNY')).toBe(9900)
    expect(parseMoney(' ¥1,299.5 ', 'CNY')).toBe(129950)
    expect(parseMoney('￥０.05', 'CNY')).toBe(5)
    expect(parseMoney('19.', 'CNY')).toBe(1900)
    expect(parseMoney('1500', 'JPY')).toBe(1500)
  })

  it('keeps the cent where a float would lose it', () => {
    expect(parseMoney('1.15', 'CNY')).toBe(115)
    expect(parseMoney('4.35', 'CNY')).toBe(435)
    expect(parseMoney('19.99', 'CNY')).toBe(1999)
  })

  it('refuses what is not an amount', () => {
    for (const text of ['', '-1', '1.234', '1e3', 'abc', '.', '1.2.3', '9'.repeat(13)]) {
      expect(parseMoney(text, 'CNY'), text).toBeNull()
    }
    expect(parseMoney('15.5', 'JPY')).toBeNull()
  })

  it('writes an amount that it reads again', () => {
    expect(moneyInput(129950, 'CNY')).toBe('1299.50')
    expect(moneyInput(9900, 'CNY')).toBe('99')
    expect(parseMoney(moneyInput(123456789, 'CNY'), 'CNY')).toBe(123456789)
  })
})
