import { http } from './client'
import type { Id, Order, OrderStatus, Page, Product, Sku } from './types'

export type StoredProductStatus = 'draft' | 'on_sale' | 'withdrawn'
export type ProductStatus = StoredProductStatus | 'sold_out'

export interface FaqEntry {
  question: string
  answer: string
}

export interface MerchantSku extends Sku {
  product_id: Id
  on_hand: number
  reserved: number
  weight_g: number
  active: boolean
}

export interface MerchantProduct extends Omit<Product, 'skus' | 'attributes' | 'status'> {
  status: ProductStatus
  attributes: Record<string, string>
  tags: string[]
  faq: FaqEntry[]
  skus: MerchantSku[]
  created_at: string
  updated_at: string
}

export interface SkuInput {
  code: string
  name: string
  options: Record<string, string>
  price_cents: number
  list_price_cents: number | null
  weight_g?: number
  stock?: number
}

export type SkuPatch = Partial<Omit<SkuInput, 'code' | 'stock'>> & { active?: boolean }

export interface Stock {
  sku_id: Id
  product_id: Id
  on_hand: number
  reserved: number
  available: number
}

export interface StockMovement {
  kind: 'receive' | 'adjust' | 'reserve' | 'release' | 'sell' | 'restock'
  on_hand_delta: number
  reserved_delta: number
  order_id: Id | null
  reason: string
  actor: string
  at: string
}

export interface ProductInput {
  name: string
  name_en: string
  category: string
  description: string
  status: StoredProductStatus
  attributes: Record<string, string>
  aliases: string[]
  tags: string[]
  faq: FaqEntry[]
}

export interface PageOf<T> {
  items: T[]
  total: number
}

export interface Transition {
  from_status: OrderStatus | null
  to_status: OrderStatus
  event: string
  /** "buyer:<id>", "merchant:<id>", "system" or a payment provider. */
  actor: string
  reason: string
  at: string
}

export interface Policy {
  title: string
  text: string
}

type PageQuery = {
  limit?: number
  offset?: number
}

export const shop = {
  products: (query: PageQuery = {}) =>
    http.get<PageOf<MerchantProduct>>('/merchant/products', { query }),
  product: (id: Id) => http.get<MerchantProduct>(`/merchant/products/${id}`),
  createProduct: (input: ProductInput & { skus: SkuInput[] }) =>
    http.post<MerchantProduct>('/merchant/products', input),
  updateProduct: (id: Id, patch: Partial<ProductInput>) =>
    http.patch<MerchantProduct>(`/merchant/products/${id}`, patch),
  setPicture: (id: Id, picture: Blob) => {
    const form = new FormData()
    form.append('picture', picture)
    return http.put<MerchantProduct>(`/merchant/products/${id}/image`, form, { timeoutMs: 60_000 })
  },
  addSku: (productId: Id, sku: SkuInput) =>
    http.post<MerchantProduct>(`/merchant/products/${productId}/skus`, sku),
  updateSku: (id: Id, patch: SkuPatch) =>
    http.patch<MerchantProduct>(`/merchant/skus/${id}`, patch),
  adjustStock: (skuId: Id, delta: number, reason: string) =>
    http.post<Stock>(`/merchant/skus/${skuId}/stock`, { delta, reason }),
  movements: (skuId: Id) => http.get<Page<StockMovement>>(`/merchant/skus/${skuId}/movements`),
  orders: (query: PageQuery & { status?: OrderStatus } = {}) =>
    http.get<PageOf<Order>>('/merchant/orders', { query }),
  transitions: (orderId: Id) =>
    http.get<Page<Transition>>(`/merchant/orders/${orderId}/transitions`),
  ship: (orderId: Id, carrier: string, tracking: string) =>
    http.post<Order>(`/merchant/orders/${orderId}/ship`, { carrier, tracking }),
  policies: () => http.get<Page<Policy>>('/merchant/policies'),
  savePolicies: (items: Policy[]) => http.put<Page<Policy>>('/merchant/policies', { items }),
}
