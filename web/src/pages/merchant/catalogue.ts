import { type MerchantProduct, type ProductStatus, shop } from '@/api/merchant'

const PAGE = 200
const MAX_PRODUCTS = 2_000
export const LOW_STOCK = 10

/** The whole catalogue, newest first, so that searching it needs no further question. */
export async function loadCatalogue(): Promise<MerchantProduct[]> {
  const items: MerchantProduct[] = []
  let total = 1
  while (items.length < Math.min(total, MAX_PRODUCTS)) {
    const page = await shop.products({ limit: PAGE, offset: items.length })
    if (page.items.length === 0) break
    items.push(...page.items)
    total = page.total
  }
  return items
}

const fold = (text: string) => text.normalize('NFKC').toLowerCase()

/** Every word of the query is somewhere in its names, aliases, tags, category or codes. */
export function matches(product: MerchantProduct, query: string): boolean {
  const words = fold(query).split(/\s+/).filter(Boolean)
  const text = fold(
    [
      product.name,
      product.name_en,
      product.category,
      product.slug,
      ...product.aliases,
      ...product.tags,
      ...product.skus.map((sku) => sku.code),
    ].join('\n'),
  )
  return words.every((word) => text.includes(word))
}

export const activeSkus = (product: MerchantProduct) => product.skus.filter((sku) => sku.active)

export const available = (product: MerchantProduct) =>
  activeSkus(product).reduce((sum, sku) => sum + sku.available, 0)

/** On sale with a SKU that is nearly or wholly gone. */
export const runsLow = (product: MerchantProduct) =>
  product.status === 'on_sale' && activeSkus(product).some((sku) => sku.available < LOW_STOCK)

export type Filter = 'all' | ProductStatus | 'low'

export function inFilter(product: MerchantProduct, filter: Filter): boolean {
  if (filter === 'all') return true
  return filter === 'low' ? runsLow(product) : product.status === filter
}

/** The cheapest and the dearest active SKU's price, in minor units; null without any. */
export function priceRange(product: MerchantProduct): [low: number, high: number] | null {
  const prices = activeSkus(product).map((sku) => sku.price_cents)
  return prices.length ? [Math.min(...prices), Math.max(...prices)] : null
}
