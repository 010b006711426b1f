import type { OrderSummary } from '@/live/reducer'

const EARNED = new Set(['paid', 'shipped', 'completed'])

/** Paid orders' sum in the currency of the newest; a room sells in one currency. */
export function revenueOf(orders: readonly OrderSummary[]) {
  const currency = orders[0]?.currency ?? 'CNY'
  const earned = orders.filter((order) => EARNED.has(order.status) && order.currency === currency)
  return {
    currency,
    paidCents: earned.reduce((sum, order) => sum + order.total_cents, 0),
    paidCount: earned.length,
  }
}
