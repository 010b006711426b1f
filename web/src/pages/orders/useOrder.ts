import { onScopeDispose, ref, shallowRef } from 'vue'
import { afterSales, orders, parcels as parcelApi } from '@/api/commerce'
import type { AfterSale, Id, Order, Shipment } from '@/api/types'
import { nextPollMs } from './polling'

/** One order of the buyer's own, asked for again as long as something may happen to it. */
export function useOrder(id: Id) {
  const order = shallowRef<Order | null>(null)
  const error = shallowRef<unknown>(null)
  const parcels = shallowRef<Shipment[]>([])
  const requests = shallowRef<AfterSale[]>([])
  /** Which action is under way: "pay", "cancel", "receive". */
  const busy = ref('')
  let asked = 0
  let timer: ReturnType<typeof setTimeout> | null = null
  let over = false

  function set(next: Order): void {
    if (order.value?.status !== next.status) asked = 0
    order.value = next
    error.value = null
  }

  async function load(): Promise<void> {
    if (timer) clearTimeout(timer)
    let failed = false
    try {
      set(await orders.get(id))
      await loadMore()
    } catch (cause) {
      failed = true
      if (!order.value) error.value = cause
    }
    const delayMs = order.value ? nextPollMs(order.value.status, asked++, failed) : null
    if (delayMs !== null && !over && !document.hidden) timer = setTimeout(load, delayMs)
  }

  /** What belongs to an order once it is paid. */
  async function loadMore(): Promise<void> {
    if (!order.value?.paid_at) return
    const [sent, asked_for] = await Promise.all([parcelApi.ofOrder(id), afterSales.ofOrder(id)])
    parcels.value = sent.items
    requests.value = asked_for.items
  }

  /** Runs an action that answers with the order; throws what it throws. */
  async function act(name: string, action: (orderId: Id) => Promise<Order>): Promise<void> {
    busy.value = name
    try {
      set(await action(id))
    } finally {
      busy.value = ''
      void load()
    }
  }

  /** Leaves for the payment; comes back to this page when it is done. */
  async function pay(provider: string): Promise<void> {
    busy.value = 'pay'
    try {
      const payment = await orders.pay(id, provider)
      window.location.assign(payment.pay_url)
    } catch (cause) {
      busy.value = ''
      void load()
      throw cause
    }
  }

  const back = () => {
    if (document.hidden) return
    asked = 0
    busy.value = ''
    void load()
  }
  document.addEventListener('visibilitychange', back)
  // From the browser's cache, after paying in the same tab.
  window.addEventListener('pageshow', back)
  onScopeDispose(() => {
    over = true
    if (timer) clearTimeout(timer)
    document.removeEventListener('visibilitychange', back)
    window.removeEventListener('pageshow', back)
  })

  return {
    order,
    parcels,
    requests,
    error,
    busy,
    load,
    pay,
    cancel: () => act('cancel', orders.cancel),
    receive: () => act('receive', orders.receive),
  }
}
