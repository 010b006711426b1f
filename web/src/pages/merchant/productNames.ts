import type { MerchantProduct } from '@/api/merchant'
import { productName } from '@/format/product'

/** Product id → its name in the reader's language. */
export function productNames(products: readonly MerchantProduct[]): Map<string, string> {
  return new Map(products.map((product) => [product.id, productName(product)]))
}

/** SKU id → "product · variant". */
export function skuNames(products: readonly MerchantProduct[]): Map<string, string> {
  return new Map(
    products.flatMap((product) =>
      product.skus.map((sku): [string, string] => [
        sku.id,
        sku.name ? `${productName(product)} · ${sku.name}` : productName(product),
      ]),
    ),
  )
}
