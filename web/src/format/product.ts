import type { Product, Sku } from '@/api/types'
import { currentLocale } from '@/i18n'

/** The product's name in the reader's language, as far as the catalogue has one. */
export function productName(product: Pick<Product, 'name' | 'name_en'>): string {
  return currentLocale() === 'en' ? product.name_en || product.name : product.name
}

export function cheapestSku(product: Product): Sku | null {
  return product.skus.reduce<Sku | null>(
    (best, sku) => (best === null || sku.price_cents < best.price_cents ? sku : best),
    null,
  )
}

export function totalAvailable(product: Product): number {
  return product.skus.reduce((sum, sku) => sum + sku.available, 0)
}

/** From here down the page says "only … left". */
export const LOW_STOCK = 20

/** Key in the `room` messages that says truthfully how much there is. */
export function stockKey(available: number): string {
  if (available <= 0) return 'room.card.none_left'
  return available <= LOW_STOCK ? 'room.card.left' : 'room.card.in_stock'
}
