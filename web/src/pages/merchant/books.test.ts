import { describe, expect, it } from 'vitest'
import { accountName, chinaDay, refused, sideOf } from './books'

const TEXTS: Record<string, string> = {
  'merchant.books.account.receivable': 'Owed by',
  'merchant.books.account.payable_host': 'Host',
  'merchant.books.provider.alipay': 'Alipay',
}
const t = (key: string) => TEXTS[key] ?? key
const te = (key: string) => key in TEXTS

describe('the ledger', () => {
  it('names an account by itself, or by its kind and service', () => {
    expect(accountName('payable:host', t, te)).toBe('Host')
    expect(accountName('receivable:alipay', t, te)).toBe('Owed by · Alipay')
    expect(accountName('receivable:new', t, te)).toBe('Owed by · new')
    expect(accountName('suspense', t, te)).toBe('suspense')
  })

  it('says what a balance means', () => {
    const accounts = ['receivable:stripe', 'fees:stripe', 'coupon_costs', 'revenue:commission']
    expect(accounts.map(sideOf)).toEqual(['owed_to_us', 'cost', 'cost', 'earned'])
    expect(['payable:host', 'unapplied'].map(sideOf)).toEqual(['we_owe', 'we_owe'])
  })

  it('counts days as China does', () => {
    expect(chinaDay(new Date('2026-11-23T16:00:00Z'))).toBe('2026-11-24')
    expect(chinaDay(new Date('2026-11-23T15:59:59Z'), -1)).toBe('2026-11-22')
  })
})

describe('a notification', () => {
  it('was refused unless it was taken, known already or about nothing', () => {
    const verdicts = ['accepted', 'repeated', 'ignored', 'bad_signature', 'wrong_amount', 'stale']
    expect(verdicts.filter(refused)).toEqual(['bad_signature', 'wrong_amount', 'stale'])
  })
})
