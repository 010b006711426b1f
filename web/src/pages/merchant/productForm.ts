import type {
  FaqEntry,
  MerchantProduct,
  MerchantSku,
  ProductInput,
  SkuInput,
  SkuPatch,
  StoredProductStatus,
} from '@/api/merchant'
import type { Id } from '@/api/types'
import { moneyInput, parseMoney } from '@/format/money'

export interface Option {
  name: string
  values: string[]
}

/** One row of the SKU table, as typed. */
export interface SkuRow {
  /** null until it is stored. */
  id: Id | null
  key: string
  code: string
  options: Record<string, string>
  price: string
  listPrice: string
  /** The first stock of a new SKU; what is stored changes only by a movement with a reason. */
  stock: number
  active: boolean
  available: number
  reserved: number
}

export interface ProductForm {
  name: string
  nameEn: string
  category: string
  description: string
  status: StoredProductStatus
  aliases: string[]
  tags: string[]
  attributes: { key: string; value: string }[]
  faq: FaqEntry[]
  options: Option[]
  skus: SkuRow[]
}

let nextKey = 1
const newKey = () => `row-${nextKey++}`

export function emptySku(code: string): SkuRow {
  return {
    id: null,
    key: newKey(),
    code,
    options: {},
    price: '',
    listPrice: '',
    stock: 0,
    active: true,
    available: 0,
    reserved: 0,
  }
}

export function emptyForm(): ProductForm {
  return {
    name: '',
    nameEn: '',
    category: '',
    description: '',
    status: 'draft',
    aliases: [],
    tags: [],
    attributes: [],
    faq: [],
    options: [],
    skus: [emptySku(newCode([]))],
  }
}

export function formOf(product: MerchantProduct): ProductForm {
  return {
    name: product.name,
    nameEn: product.name_en,
    category: product.category,
    description: product.description,
    // Sold out is a consequence of stock, not something one stores.
    status: product.status === 'sold_out' ? 'on_sale' : product.status,
    aliases: [...product.aliases],
    tags: [...product.tags],
    attributes: Object.entries(product.attributes).map(([key, value]) => ({ key, value })),
    faq: product.faq.map((entry) => ({ ...entry })),
    options: optionsOf(product.skus),
    skus: product.skus.map(rowOf),
  }
}

function rowOf(sku: MerchantSku): SkuRow {
  const { list_price_cents: list, price_cents: price, currency } = sku
  return {
    id: sku.id,
    key: sku.id,
    code: sku.code,
    options: { ...sku.options },
    price: moneyInput(price, currency),
    listPrice: list !== null && list > price ? moneyInput(list, currency) : '',
    stock: 0,
    active: sku.active,
    available: sku.available,
    reserved: sku.reserved,
  }
}

function optionsOf(skus: readonly MerchantSku[]): Option[] {
  const options: Option[] = []
  for (const sku of skus.filter((one) => one.active)) {
    for (const [name, value] of Object.entries(sku.options)) {
      const option = options.find((known) => known.name === name)
      if (!option) options.push({ name, values: [value] })
      else if (!option.values.includes(value)) option.values.push(value)
    }
  }
  return options
}

/** "5 片装 / 蓝": what tells one SKU from its sisters. */
export const skuName = (options: Record<string, string>) => Object.values(options).join(' / ')

const same = (a: Record<string, string>, b: Record<string, string>) =>
  Object.keys(a).length === Object.keys(b).length &&
  Object.entries(a).every(([name, value]) => b[name] === value)

/**
 * The rows that the options call for: one per combination. Rows that fit stay as they are; a
 * stored row that no longer fits is taken off sale (it may have been sold), a new one goes.
 */
export function combine(options: readonly Option[], rows: readonly SkuRow[]): SkuRow[] {
  let combinations: Record<string, string>[] = [{}]
  for (const { name, values } of options) {
    if (!name.trim() || values.length === 0) continue
    combinations = combinations.flatMap((base) =>
      values.map((value) => ({ ...base, [name.trim()]: value })),
    )
  }
  const template = rows.find((row) => row.active) ?? rows[0]
  const codes = rows.map((row) => row.code)
  const spare = rows.filter((row) => !combinations.some((wanted) => same(wanted, row.options)))
  const kept = combinations.map((wanted) => {
    const fitting = rows.find((row) => same(wanted, row.options))
    if (fitting) return fitting.id && !fitting.active ? { ...fitting, active: true } : fitting
    // The first option turns the product's only, unnamed row into its first combination.
    const unnamed = spare.findIndex((row) => Object.keys(row.options).length === 0)
    const [reused] = unnamed >= 0 ? spare.splice(unnamed, 1) : []
    if (reused) return { ...reused, options: wanted }
    const code = newCode(codes)
    codes.push(code)
    return {
      ...emptySku(code),
      options: wanted,
      price: template?.price ?? '',
      listPrice: template?.listPrice ?? '',
    }
  })
  const retired = spare.filter((row) => row.id).map((row) => ({ ...row, active: false }))
  return [...kept, ...retired]
}

const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** A code that nobody else is likely to have: "SKU-7KQ2MZ", then "SKU-7KQ2MZ-2", … */
export function newCode(taken: readonly string[]): string {
  const first = taken.find((code) => code.startsWith('SKU-'))
  if (first) {
    const stem = first.split('-').slice(0, 2).join('-')
    for (let number = 2; ; number++) {
      if (!taken.includes(`${stem}-${number}`)) return `${stem}-${number}`
    }
  }
  const random = crypto.getRandomValues(new Uint8Array(6))
  return `SKU-${[...random].map((byte) => LETTERS[byte % LETTERS.length]).join('')}`
}

export type FieldError = 'required' | 'price' | 'list_price' | 'duplicate'

/** What is wrong, by field: "name", "sku.<key>.price", …; empty when it can be sent. */
export function validate(form: ProductForm, currency: string): Map<string, FieldError> {
  const errors = new Map<string, FieldError>()
  if (!form.name.trim()) errors.set('name', 'required')
  const codes = form.skus.map((row) => row.code.trim())
  for (const row of form.skus) {
    const code = row.code.trim()
    if (!code) errors.set(`sku.${row.key}.code`, 'required')
    else if (codes.filter((other) => other === code).length > 1) {
      errors.set(`sku.${row.key}.code`, 'duplicate')
    }
    const price = parseMoney(row.price, currency)
    if (price === null || price < 1) errors.set(`sku.${row.key}.price`, 'price')
    if (!row.listPrice.trim()) continue
    const list = parseMoney(row.listPrice, currency)
    if (list === null || (price !== null && list < price)) {
      errors.set(`sku.${row.key}.list`, 'list_price')
    }
  }
  const keys = form.attributes.map(({ key }) => key.trim()).filter(Boolean)
  if (new Set(keys).size !== keys.length) errors.set('attributes', 'duplicate')
  return errors
}

export function productInput(form: ProductForm): ProductInput {
  const attributes = form.attributes
    .map(({ key, value }) => [key.trim(), value.trim()] as const)
    .filter(([key]) => key !== '')
  return {
    name: form.name.trim(),
    name_en: form.nameEn.trim(),
    category: form.category.trim(),
    description: form.description,
    status: form.status,
    attributes: Object.fromEntries(attributes),
    aliases: form.aliases,
    tags: form.tags,
    faq: form.faq.filter(({ question, answer }) => question.trim() && answer.trim()),
  }
}

/** A valid row as the API wants it; without a list price it is the price itself. */
export function skuInput(row: SkuRow, currency: string): SkuInput {
  const price = parseMoney(row.price, currency)
  if (price === null) throw new RangeError('a row is validated before it is sent')
  const list = row.listPrice.trim() ? parseMoney(row.listPrice, currency) : null
  return {
    code: row.code.trim(),
    name: skuName(row.options),
    options: row.options,
    price_cents: price,
    list_price_cents: list ?? price,
    stock: row.stock,
  }
}

/** What of a stored SKU has changed; null when nothing has. */
export function skuPatch(row: SkuRow, stored: MerchantSku): SkuPatch | null {
  const wanted = skuInput(row, stored.currency)
  const patch: SkuPatch = {}
  if (wanted.price_cents !== stored.price_cents) patch.price_cents = wanted.price_cents
  if (wanted.list_price_cents !== (stored.list_price_cents ?? stored.price_cents)) {
    patch.list_price_cents = wanted.list_price_cents
  }
  if (!same(row.options, stored.options)) {
    patch.options = row.options
    patch.name = wanted.name
  }
  if (row.active !== stored.active) patch.active = row.active
  return Object.keys(patch).length ? patch : null
}

export function productPatch(form: ProductForm, stored: MerchantProduct): Partial<ProductInput> {
  const wanted = productInput(form)
  const before = productInput(formOf(stored))
  const changed = (Object.keys(wanted) as (keyof ProductInput)[]).filter(
    (key) => JSON.stringify(wanted[key]) !== JSON.stringify(before[key]),
  )
  return Object.fromEntries(changed.map((key) => [key, wanted[key]]))
}
