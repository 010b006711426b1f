import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { ApiError } from '@/api/client'
import { addresses as addressApi, orders as orderApi } from '@/api/commerce'
import type { Address, AddressInput, Id, Invoice, Order, Product, Quote, Sku } from '@/api/types'
import { newUuid } from '@/format/uuid'
import { cart } from '@/session/cart'

export type CheckoutStep = 'choose' | 'pay' | 'result'

const POLL_MS = 3_000
const MAX_QUANTITY = 99
const QUOTE_DELAY_MS = 150
const SETTLED = new Set([
  'paid',
  'shipped',
  'completed',
  'cancelled',
  'expired',
  'refunding',
  'refunded',
])

const emptyAddress = (): AddressInput => ({ recipient: '', phone: '', region: '', street: '' })

export function isComplete(address: AddressInput): boolean {
  return [address.recipient, address.phone, address.region, address.street].every(
    (field) => field.trim() !== '',
  )
}

/** From a product to a paid order: what is chosen, what was ordered, what became of it. */
export function useCheckout(roomId: Id, onChosen: (productId: Id) => void = () => {}) {
  const product = shallowRef<Product | null>(null)
  const skuId = ref<Id | null>(null)
  const quantity = ref(1)
  const addressList = shallowRef<Address[]>([])
  const addressId = ref<Id | null>(null)
  const newAddress = ref<AddressInput>(emptyAddress())
  const addressesLoaded = ref(false)
  const order = shallowRef<Order | null>(null)
  const step = ref<CheckoutStep>('choose')
  const busy = ref(false)
  const waiting = ref(false)
  const error = shallowRef<unknown>(null)
  let idempotencyKey = newUuid()
  let poll: ReturnType<typeof setInterval> | null = null

  const sku = computed<Sku | null>(
    () => product.value?.skus.find((candidate) => candidate.id === skuId.value) ?? null,
  )
  const maxQuantity = computed(() => Math.max(1, Math.min(sku.value?.available ?? 1, MAX_QUANTITY)))
  const couponCode = ref('')
  const note = ref('')
  const invoice = ref<Invoice | null | undefined>(null)
  /** What the shop says this choice costs; null while it is being asked. */
  const quote = shallowRef<Quote | null>(null)
  const quoteError = shallowRef<unknown>(null)
  const totalCents = computed(
    () => quote.value?.total_cents ?? (sku.value ? sku.value.price_cents * quantity.value : 0),
  )
  const hasAddress = computed(() =>
    addressId.value ? true : addressesLoaded.value && isComplete(newAddress.value),
  )
  const canOrder = computed(
    () =>
      sku.value !== null &&
      sku.value.available >= quantity.value &&
      hasAddress.value &&
      invoice.value !== undefined &&
      // Nobody orders before the total is shown; without a coupon the order itself says what a failed quote would.
      (quote.value !== null || (quoteError.value !== null && couponCode.value === '')),
  )

  function draft() {
    return {
      room_id: roomId,
      lines: [{ sku_id: skuId.value as Id, quantity: quantity.value }],
      address_id: addressId.value,
      coupon_code: couponCode.value.trim().toUpperCase() || null,
    }
  }

  let quoting: AbortController | null = null
  let quoteTimer: ReturnType<typeof setTimeout> | undefined
  watch([skuId, quantity, couponCode, addressId, () => sku.value?.price_cents], () => {
    quoting?.abort()
    clearTimeout(quoteTimer)
    quote.value = null
    quoteError.value = null
    if (sku.value) quoteTimer = setTimeout(() => void askQuote(), QUOTE_DELAY_MS)
  })

  async function askQuote(): Promise<void> {
    const asking = new AbortController()
    quoting = asking
    try {
      quote.value = await orderApi.quote(draft(), asking.signal)
    } catch (cause) {
      if (!asking.signal.aborted) quoteError.value = cause
    }
  }

  /** `coupon`: one that the viewer took and that counts here. */
  function open(next: Product, coupon = ''): void {
    const available = next.skus.find((candidate) => candidate.available > 0)
    product.value = next
    skuId.value = (available ?? next.skus[0])?.id ?? null
    quantity.value = 1
    order.value = null
    step.value = 'choose'
    error.value = null
    waiting.value = false
    couponCode.value = coupon
    note.value = ''
    invoice.value = null
    idempotencyKey = newUuid()
    stopPolling()
  }

  /** Stock and price as they are now, while the sheet is open. */
  function refreshProduct(next: Product): void {
    if (product.value?.id !== next.id || step.value !== 'choose') return
    product.value = next
    quantity.value = Math.min(quantity.value, maxQuantity.value)
  }

  function choose(id: Id): void {
    if (product.value) onChosen(product.value.id)
    skuId.value = id
    quantity.value = Math.min(quantity.value, maxQuantity.value)
    idempotencyKey = newUuid()
  }

  function setQuantity(next: number): void {
    quantity.value = Math.max(1, Math.min(next, maxQuantity.value))
    idempotencyKey = newUuid()
  }

  async function loadAddresses(): Promise<void> {
    const { items } = await addressApi.list()
    addressList.value = items
    addressId.value = (items.find((item) => item.is_default) ?? items[0])?.id ?? null
    addressesLoaded.value = true
  }

  /** Repeated after a failure, it carries the same key: the order is placed once. */
  async function place(): Promise<void> {
    if (!sku.value || !product.value) return
    onChosen(product.value.id)
    await attempt(async () => {
      addressId.value ??= (await addressApi.create({ ...newAddress.value, is_default: true })).id
      const input = {
        ...draft(),
        note: note.value.trim(),
        invoice: invoice.value ?? null,
        // The shop refuses (price_changed) rather than charge what was not shown.
        expected_total_cents: quote.value?.total_cents ?? null,
      }
      setOrder(await orderApi.create(input, idempotencyKey))
      step.value = 'pay'
    })
    // Refused for good: the next attempt is another order. Unanswered: it is the same one.
    const { value: failure } = error
    if (failure instanceof ApiError && failure.status >= 400 && failure.status < 500) {
      idempotencyKey = newUuid()
      if (failure.code === 'price_changed') void askQuote()
    }
  }

  /** Into the cart, at this room's prices; whether it went in. */
  async function addToCart(): Promise<boolean> {
    const chosen = sku.value
    if (!chosen) return false
    await attempt(() => cart.add(chosen.id, quantity.value, roomId))
    return error.value === null
  }

  /** Opens the payment in its own window, so that the video stays. */
  async function pay(provider: string): Promise<void> {
    const current = order.value
    if (!current) return
    // Opened within the tap: browsers block windows that come later.
    const payWindow = window.open('', '_blank')
    await attempt(async () => {
      const payment = await orderApi.pay(current.id, provider)
      if (payWindow) payWindow.location.href = payment.pay_url
      else window.location.assign(payment.pay_url)
      waiting.value = true
      startPolling(current.id)
    })
    if (error.value) payWindow?.close()
  }

  async function attempt(action: () => Promise<void>): Promise<void> {
    busy.value = true
    error.value = null
    try {
      await action()
    } catch (cause) {
      error.value = cause
    } finally {
      busy.value = false
    }
  }

  /** From an answer or from an event of the user's own topic. */
  function setOrder(next: Order): void {
    if (order.value && order.value.id !== next.id) return
    // Events carry the address masked; the buyer has seen the whole one.
    order.value = { ...order.value, ...next, address: order.value?.address ?? next.address }
    if (SETTLED.has(order.value.status)) {
      step.value = 'result'
      stopPolling()
    }
  }

  function startPolling(id: Id): void {
    stopPolling()
    poll = setInterval(() => {
      orderApi.get(id).then(setOrder, () => {})
    }, POLL_MS)
  }

  function stopPolling(): void {
    if (poll) clearInterval(poll)
    poll = null
  }

  onScopeDispose(() => {
    stopPolling()
    clearTimeout(quoteTimer)
    quoting?.abort()
  })

  return {
    product,
    sku,
    skuId,
    quantity,
    maxQuantity,
    totalCents,
    couponCode,
    note,
    invoice,
    quote,
    quoteError,
    addressList,
    addressId,
    newAddress,
    addressesLoaded,
    order,
    step,
    busy,
    waiting,
    error,
    canOrder,
    open,
    refreshProduct,
    choose,
    setQuantity,
    loadAddresses,
    place,
    addToCart,
    pay,
    setOrder,
  }
}

export type Checkout = ReturnType<typeof useCheckout>
