import { http } from './client'
import type {
  Address,
  AddressInput,
  Id,
  Order,
  OrderInput,
  Page,
  Payment,
  Product,
  Quote,
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
