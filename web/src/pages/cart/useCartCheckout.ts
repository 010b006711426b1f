import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { ApiError } from '@/api/client'
import { addresses as addressApi, orders as orderApi } from '@/api/commerce'
import type { Address, Cart, Id, Invoice, Order, Quote } from '@/api/types'
import { newUuid } from '@/format/uuid'
import { cart } from '@/session/cart'

const QUOTE_DELAY_MS = 150
const BUYABLE = new Set(['ok', 'price_changed'])

/** From the chosen lines of the cart to an order. */
export function useCartCheckout() {
  const left = ref(new Set<Id>())
  const addressList = shallowRef<Address[]>([])
  const addressId = ref<Id | null>(null)
  const coupon = ref('')
  const note = ref('')
  const invoice = ref<Invoice | null | undefined>(null)
  const quote = shallowRef<Quote | null>(null)
  const error = shallowRef<unknown>(null)
  const busy = ref(false)
  let key = newUuid()

  const lines = computed(() => cart.content.value?.lines ?? [])
  const buyable = (line: Cart['lines'][number]) => BUYABLE.has(line.state)
  /** Everything that can be bought, but what was unticked. */
  const chosen = computed(() =>
    lines.value.filter((line) => buyable(line) && !left.value.has(line.sku_id)),
  )
  const changed = computed(() => lines.value.filter((line) => line.state !== 'ok'))
  const ready = computed(
    () =>
      chosen.value.length > 0 &&
      quote.value !== null &&
      addressId.value !== null &&
      invoice.value !== undefined,
  )

  function toggle(skuId: Id): void {
    const next = new Set(left.value)
    if (!next.delete(skuId)) next.add(skuId)
    left.value = next
  }

  const draft = () => ({
    room_id: cart.content.value?.room_id ?? null,
    lines: chosen.value.map(({ sku_id, quantity }) => ({ sku_id, quantity })),
    address_id: addressId.value,
    coupon_code: coupon.value.trim().toUpperCase() || null,
  })

  let asking: AbortController | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(
    () => JSON.stringify(draft()),
    () => {
      asking?.abort()
      clearTimeout(timer)
      quote.value = null
      key = newUuid()
      if (chosen.value.length) timer = setTimeout(() => void ask(), QUOTE_DELAY_MS)
    },
  )
  watch([note, invoice], () => {
    key = newUuid()
  })

  async function ask(): Promise<void> {
    const mine = new AbortController()
    asking = mine
    try {
      quote.value = await orderApi.quote(draft(), mine.signal)
      error.value = null
    } catch (cause) {
      if (!mine.signal.aborted) error.value = cause
    }
  }

  async function loadAddresses(): Promise<void> {
    const { items } = await addressApi.list()
    addressList.value = items
    if (!items.some((item) => item.id === addressId.value)) {
      addressId.value = (items.find((item) => item.is_default) ?? items[0])?.id ?? null
    }
  }

  /** The order; null where it was refused, with what has changed shown. Repeated, it is placed once. */
  async function place(): Promise<Order | null> {
    if (!ready.value) return null
    busy.value = true
    error.value = null
    try {
      const order = await orderApi.create(
        {
          ...draft(),
          note: note.value.trim(),
          invoice: invoice.value ?? null,
          from_cart: true,
          // The shop refuses (price_changed) rather than charge what was not shown.
          expected_total_cents: quote.value?.total_cents ?? null,
        },
        key,
      )
      void cart.load().catch(() => {})
      return order
    } catch (cause) {
      error.value = cause
      if (cause instanceof ApiError && cause.status >= 400 && cause.status < 500) {
        key = newUuid()
        await cart.load().catch(() => {})
        void ask()
      }
      return null
    } finally {
      busy.value = false
    }
  }

  onScopeDispose(() => {
    clearTimeout(timer)
    asking?.abort()
  })

  return {
    lines,
    buyable,
    chosen,
    changed,
    left,
    toggle,
    addressList,
    addressId,
    loadAddresses,
    coupon,
    note,
    invoice,
    quote,
    error,
    busy,
    ready,
    place,
  }
}
