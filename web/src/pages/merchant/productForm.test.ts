import { describe, expect, it } from 'vitest'
import type { MerchantProduct, MerchantSku } from '@/api/merchant'
import {
  combine,
  emptyForm,
  emptySku,
  formOf,
  newCode,
  productPatch,
  skuInput,
  skuPatch,
  validate,
} from './productForm'

const sku = (id: string, options: Record<string, string>, price = 9900): MerchantSku => ({
  id,
  product_id: 'p',
  code: id.toUpperCase(),
  name: Object.values(options).join(' / '),
  options,
  price_cents: price,
  list_price_cents: 19900,
  currency: 'CNY',
  on_hand: 8,
  reserved: 1,
  available: 7,
  weight_g: 0,
  active: true,
})

const product = (...skus: MerchantSku[]): MerchantProduct => ({
  id: 'p',
  slug: 'mask',
  name: '面膜',
  name_en: 'Mask',
  category: '护肤',
  description: '',
  image_url: null,
  status: 'sold_out',
  attributes: { 产地: '上海' },
  aliases: ['补水面膜'],
  tags: [],
  faq: [],
  shipping_template_id: null,
  skus,
  created_at: '',
  updated_at: '',
})

describe('the form of a stored product', () => {
  it('changes nothing when nothing was changed', () => {
    const stored = product(sku('a', { 规格: '5 片' }), sku('b', { 规格: '10 片' }))
    const form = formOf(stored)
    expect(form.options).toEqual([{ name: '规格', values: ['5 片', '10 片'] }])
    expect(form.status).toBe('on_sale')
    expect(productPatch(form, stored)).toEqual({})
    expect(form.skus.map((row, i) => skuPatch(row, stored.skus[i] as MerchantSku))).toEqual([
      null,
      null,
    ])
    expect(validate(form, 'CNY').size).toBe(0)
  })

  it('sends only what was changed', () => {
    const stored = product(sku('a', {}))
    const form = formOf(stored)
    form.name = ' 玻尿酸面膜 '
    form.attributes.push({ key: ' ', value: 'x' }, { key: '规格', value: '25ml' })
    const [row] = form.skus
    if (!row) throw new Error('no row')
    row.price = '89.90'
    row.listPrice = ''
    row.active = false
    expect(productPatch(form, stored)).toEqual({
      name: '玻尿酸面膜',
      attributes: { 产地: '上海', 规格: '25ml' },
    })
    expect(skuPatch(row, stored.skus[0] as MerchantSku)).toEqual({
      price_cents: 8990,
      list_price_cents: 8990,
      active: false,
    })
  })
})

describe('combine', () => {
  const options = (...values: string[]) => [{ name: '颜色', values }]

  it('makes a row of every combination, priced like the first', () => {
    const first = { ...emptySku('SKU-A'), price: '99', listPrice: '199' }
    const rows = combine([...options('蓝', '白'), { name: '尺码', values: ['S', 'M'] }], [first])
    expect(rows.map((row) => [row.code, row.options, row.price, row.listPrice])).toEqual([
      ['SKU-A', { 颜色: '蓝', 尺码: 'S' }, '99', '199'],
      ['SKU-A-2', { 颜色: '蓝', 尺码: 'M' }, '99', '199'],
      ['SKU-A-3', { 颜色: '白', 尺码: 'S' }, '99', '199'],
      ['SKU-A-4', { 颜色: '白', 尺码: 'M' }, '99', '199'],
    ])
  })

  it('retires stored rows that no longer fit, drops new ones, and brings back', () => {
    const stored = formOf(product(sku('a', { 颜色: '蓝' }), sku('b', { 颜色: '白' }))).skus
    const fewer = combine(options('蓝'), combine(options('蓝', '白', '红'), stored))
    expect(fewer.map((row) => [row.id, row.active])).toEqual([
      ['a', true],
      ['b', false],
    ])
    expect(combine(options('蓝', '白'), fewer).map((row) => [row.id, row.active])).toEqual([
      ['a', true],
      ['b', true],
    ])
  })

  it('ignores an option without a name or values', () => {
    const row = emptySku('X')
    expect(
      combine(
        [
          { name: ' ', values: ['a'] },
          { name: '颜色', values: [] },
        ],
        [row],
      ),
    ).toEqual([row])
  })
})

describe('validate', () => {
  it('names each field that is wrong', () => {
    const form = emptyForm()
    const [first] = form.skus
    if (!first) throw new Error('no row')
    first.code = 'A'
    first.price = '0'
    form.skus.push({ ...emptySku('A'), price: '99', listPrice: '98.99' })
    form.attributes = [
      { key: '产地', value: '' },
      { key: '产地 ', value: '' },
    ]
    const second = form.skus[1]
    expect(Object.fromEntries(validate(form, 'CNY'))).toEqual({
      name: 'required',
      [`sku.${first.key}.code`]: 'duplicate',
      [`sku.${first.key}.price`]: 'price',
      [`sku.${second?.key}.code`]: 'duplicate',
      [`sku.${second?.key}.list`]: 'list_price',
      attributes: 'duplicate',
    })
  })
})

describe('a new SKU', () => {
  it('has a list price of its own, or its price', () => {
    const row = { ...emptySku(' A-1 '), price: '1,299.5', options: { 规格: '5 片' }, stock: 3 }
    expect(skuInput(row, 'CNY')).toEqual({
      code: 'A-1',
      name: '5 片',
      options: { 规格: '5 片' },
      price_cents: 129950,
      list_price_cents: 129950,
      stock: 3,
    })
  })

  it('gets a code that is free', () => {
    expect(newCode([])).toMatch(/^SKU-[A-Z2-9]{6}$/)
    expect(newCode(['SKU-AB', 'SKU-AB-2', 'X'])).toBe('SKU-AB-3')
  })
})
