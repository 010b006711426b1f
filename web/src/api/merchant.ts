import { http } from './client'
import type { components } from './generated'
import type {
  Address,
  AfterSale,
  AfterSaleStatus,
  Id,
  Invoice,
  Order,
  OrderStatus,
  Page,
  Shipment,
} from './types'

type Schemas = components['schemas']

export type MerchantProduct = Schemas['MerchantProductOut']
export type ProductStatus = MerchantProduct['status']
export type MerchantSku = Schemas['MerchantSkuOut']
export type FaqEntry = Schemas['FaqEntry']
export type SkuInput = Schemas['SkuIn']
export type SkuPatch = Schemas['SkuPatch']
export type ProductPatch = Schemas['ProductPatch']
/** All that a product's form holds, but its SKUs. */
export type ProductInput = Required<Omit<Schemas['ProductIn'], 'slug' | 'skus'>>
export type StoredProductStatus = ProductInput['status']
export type Stock = Schemas['StockOut']
export type StockMovement = Schemas['MovementOut']
/** `actor`: "buyer:<id>", "merchant:<id>", "system", "notification:<provider>". */
export type Transition = Schemas['TransitionOut']
export type Policy = Schemas['Policy']
export type Refund = Schemas['RefundOut']
export type RefundInput = Schemas['RefundIn']
export type Coupon = Schemas['CouponOut']
export type CouponInput = Schemas['CouponIn']
export type FlashSale = Schemas['FlashSaleOut']
export type FlashSaleInput = Schemas['FlashSaleIn']
export type ShippingFee = Schemas['ShippingFeeIn']
export type ShippingTemplate = Schemas['TemplateOut']
export type ShippingTemplateInput = Schemas['TemplateIn']
export type ShippingZone = Schemas['ZoneIn']
export type Reveal = Schemas['RevealOut']
export type ParcelReport = Schemas['ShipmentImportOut']
export type Reconciliation = Schemas['ReconciliationOut']
export type Balance = Schemas['BalanceOut']
export type LedgerEntry = Schemas['EntryOut']
export type PaymentNotification = Schemas['NotificationOut']

/** All lines or, where one is wrong, none. `line` 0: the file as a whole. */
export type ImportReport = Schemas['ImportOut']
export type LineError = Schemas['LineErrorOut']

export interface PageOf<T> {
  items: T[]
  total: number
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
  updateProduct: (id: Id, patch: ProductPatch) =>
    http.patch<MerchantProduct>(`/merchant/products/${id}`, patch),
  setPicture: (id: Id, picture: Blob) => {
    const form = new FormData()
    form.append('picture', picture)
    return http.put<MerchantProduct>(`/merchant/products/${id}/image`, form, { timeoutMs: 60_000 })
  },
  /** A picture for a description. */
  addPicture: (picture: Blob) => {
    const form = new FormData()
    form.append('picture', picture)
    return http.post<{ url: string }>('/merchant/pictures', form, { timeoutMs: 60_000 })
  },
  importProducts: (file: Blob, dryRun: boolean) => {
    const form = new FormData()
    form.append('file', file)
    return http.post<ImportReport>('/merchant/products/import', form, {
      query: { dry_run: String(dryRun) },
      timeoutMs: 120_000,
    })
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
  /** The whole address of an order; that it was looked at is logged. */
  revealAddress: (orderId: Id, reason: string) =>
    http.post<Omit<Address, 'id'>>(`/merchant/orders/${orderId}/address`, { reason }),
  /** Who the invoice is for; logged as well. */
  revealInvoice: (orderId: Id, reason: string) =>
    http.post<Invoice>(`/merchant/orders/${orderId}/invoice`, { reason }),
  reveals: (orderId: Id) => http.get<Page<Reveal>>(`/merchant/orders/${orderId}/reveals`),
  /** `lines` null: everything that is left. */
  ship: (
    orderId: Id,
    carrier: string,
    tracking: string,
    lines: { sku_id: Id; quantity: number }[] | null = null,
  ) => http.post<Order>(`/merchant/orders/${orderId}/ship`, { carrier, tracking, lines }),
  parcels: (orderId: Id) => http.get<Page<Shipment>>(`/merchant/orders/${orderId}/shipments`),
  importParcels: (file: Blob, dryRun: boolean) => {
    const form = new FormData()
    form.append('file', file)
    return http.post<ParcelReport>('/merchant/shipments/import', form, {
      query: { dry_run: String(dryRun) },
      timeoutMs: 120_000,
    })
  },
  templates: () => http.get<Page<ShippingTemplate>>('/merchant/shipping-templates'),
  addTemplate: (input: ShippingTemplateInput) =>
    http.post<ShippingTemplate>('/merchant/shipping-templates', input),
  saveTemplate: (id: Id, input: ShippingTemplateInput) =>
    http.put<ShippingTemplate>(`/merchant/shipping-templates/${id}`, input),
  removeTemplate: (id: Id) => http.delete(`/merchant/shipping-templates/${id}`),
  policies: () => http.get<Page<Policy>>('/merchant/policies'),
  savePolicies: (items: Policy[]) => http.put<Page<Policy>>('/merchant/policies', { items }),
  refunds: (orderId: Id) => http.get<Page<Refund>>(`/merchant/orders/${orderId}/refunds`),
  /** Repeated with the same key after no answer came, it is done once. */
  refund: (orderId: Id, input: RefundInput, idempotencyKey: string) =>
    http.post<Refund>(`/merchant/orders/${orderId}/refunds`, input, { idempotencyKey }),
  coupons: () => http.get<Page<Coupon>>('/merchant/coupons'),
  addCoupon: (input: CouponInput) => http.post<Coupon>('/merchant/coupons', input),
  endCoupon: (id: Id) => http.post<Coupon>(`/merchant/coupons/${id}/end`),
  flashSales: () => http.get<Page<FlashSale>>('/merchant/flash-sales'),
  addFlashSale: (input: FlashSaleInput) => http.post<FlashSale>('/merchant/flash-sales', input),
  endFlashSale: (id: Id) => http.post<FlashSale>(`/merchant/flash-sales/${id}/end`),
  setShippingFee: (fee: ShippingFee) => http.put<ShippingFee>('/merchant/shipping-fee', fee),
}

/** What buyers ask for after they have paid. */
export const requests = {
  list: (query: PageQuery & { status?: AfterSaleStatus } = {}) =>
    http.get<PageOf<AfterSale>>('/merchant/after-sales', { query }),
  approve: (id: Id, answer: string) =>
    http.post<AfterSale>(`/merchant/after-sales/${id}/approve`, { answer }),
  reject: (id: Id, answer: string) =>
    http.post<AfterSale>(`/merchant/after-sales/${id}/reject`, { answer }),
  receive: (id: Id, restock: boolean) =>
    http.post<AfterSale>(`/merchant/after-sales/${id}/receive`, { restock }),
  replace: (id: Id, carrier: string, tracking: string) =>
    http.post<AfterSale>(`/merchant/after-sales/${id}/replace`, { carrier, tracking }),
}

/** The ledger, and the services' statements against it. */
export const books = {
  balances: (query: { first_day?: string; last_day?: string } = {}) =>
    http.get<Page<Balance>>('/merchant/ledger/balances', { query }),
  entries: (query: PageQuery & { order_id?: Id } = {}) =>
    http.get<Page<LedgerEntry>>('/merchant/ledger/entries', { query }),
  notifications: () =>
    http.get<{ items: PaymentNotification[] }>('/merchant/payment-notifications'),
  reconciliations: () =>
    http.get<Page<Reconciliation> & { providers: string[] }>('/merchant/reconciliations'),
  reconcile: (provider: string, day: string) =>
    http.post<Reconciliation>('/merchant/reconciliations', { provider, day }),
}
