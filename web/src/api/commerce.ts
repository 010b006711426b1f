import { http } from './client'
import type {
  Address,
  AddressInput,
  AfterSale,
  AfterSaleInput,
  Cart,
  Id,
  Order,
  OrderInput,
  Page,
  Payment,
  Product,
  Quote,
  Shipment,
} from './types'

export const addresses = {
  list: () => http.get<Page<Address>>('/addresses'),
  create: (input: AddressInput) => http.post<Address>('/addresses', input),
  update: (id: Id, input: Partial<AddressInput>) => http.patch<Address>(`/addresses/${id}`, input),
  remove: (id: Id) => http.delete(`/addresses/${id}`),
}

export const orders = {
  /** What the order would cost now, and why; reserves nothing. */
  quote: (input: OrderInput, signal?: AbortSignal) =>
    http.post<Quote>('/quotes', input, { signal }),
  create: (input: OrderInput, idempotencyKey: string) =>
    http.post<Order>('/orders', input, { idempotencyKey }),
  mine: () => http.get<Page<Order>>('/orders/mine'),
  get: (id: Id) => http.get<Order>(`/orders/${id}`),
  cancel: (id: Id) => http.post<Order>(`/orders/${id}/cancel`),
  /** The buyer confirms that it has arrived. */
  receive: (id: Id) => http.post<Order>(`/orders/${id}/receive`),
  pay: (id: Id, provider = 'alipay') => http.post<Payment>(`/orders/${id}/payments`, { provider }),
}

/** What is on sale, for everybody. */
export const catalogue = {
  products: (limit = 200) => http.get<Page<Product>>('/products', { query: { limit } }),
}

/** A guest's by a cookie, a member's by their account; merged when the guest logs in. */
export const cart = {
  get: () => http.get<Cart>('/cart'),
  add: (sku_id: Id, quantity: number, room_id: Id | null) =>
    http.post<Cart>('/cart/lines', { sku_id, quantity, room_id }),
  setQuantity: (skuId: Id, quantity: number) =>
    http.put<Cart>(`/cart/lines/${skuId}`, { quantity }),
  remove: (skuId: Id) => http.delete<Cart>(`/cart/lines/${skuId}`),
  /** What has changed was seen: it is told no more. */
  seen: () => http.post<Cart>('/cart/seen'),
}

export const parcels = {
  ofOrder: (orderId: Id) => http.get<Page<Shipment>>(`/orders/${orderId}/shipments`),
}

/** Returns, exchanges and refunds that a buyer asks for. */
export const afterSales = {
  ofOrder: (orderId: Id) => http.get<Page<AfterSale>>(`/orders/${orderId}/after-sales`),
  ask: (orderId: Id, input: AfterSaleInput, idempotencyKey: string) =>
    http.post<AfterSale>(`/orders/${orderId}/after-sales`, input, { idempotencyKey }),
  addPicture: (picture: Blob) => {
    const form = new FormData()
    form.append('picture', picture)
    return http.post<{ url: string }>('/after-sales/pictures', form, { timeoutMs: 60_000 })
  },
  withdraw: (id: Id) => http.post<AfterSale>(`/after-sales/${id}/withdraw`),
  sendBack: (id: Id, carrier: string, tracking: string) =>
    http.post<AfterSale>(`/after-sales/${id}/return`, { carrier, tracking }),
}
