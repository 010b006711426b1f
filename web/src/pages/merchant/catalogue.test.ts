import { describe, expect, it } from 'vitest'
import type { MerchantProduct, MerchantSku } from '@/api/merchant'
import { available, inFilter, matches, priceRange } from './catalogue'

const sku = (code: string, price: number, left: number, active = true) =>
  ({ code, price_cents: price, available: left, active }) as MerchantSku

const product = {
  name: '玻尿酸补水面膜',
  name_en: 'Hyaluronic Acid Sheet Mask',
  category: '护肤',
  slug: 'mask-ha',
  aliases: ['补水面膜'],
  tags: ['热卖'],
  status: 'on_sale',
  skus: [sku('M-5', 9900, 20), sku('M-10', 18900, 9), sku('M-OLD', 100, 70, false)],
} as unknown as MerchantProduct

describe('the catalogue', () => {
  it('is searched by every word, in any field, in any width and case', () => {
    for (const query of [
      '',
      '面膜',
      'sheet MASK',
      'ｍ－１０',
      '护肤 hyaluronic',
      '热卖',
      ' mask-ha ',
    ]) {
      expect(matches(product, query), query).toBe(true)
    }
    expect(matches(product, '面膜 口红')).toBe(false)
  })

  it('counts what can be bought', () => {
    expect(available(product)).toBe(29)
    expect(priceRange(product)).toEqual([9900, 18900])
    expect(priceRange({ ...product, skus: [] })).toBeNull()
  })

  it('says what runs low, only of what is on sale', () => {
    expect(inFilter(product, 'low')).toBe(true)
    expect(inFilter({ ...product, status: 'draft' }, 'low')).toBe(false)
    expect(inFilter({ ...product, skus: [sku('A', 100, 10)] }, 'low')).toBe(false)
    expect(inFilter(product, 'on_sale')).toBe(true)
    expect(inFilter(product, 'withdrawn')).toBe(false)
  })
})
