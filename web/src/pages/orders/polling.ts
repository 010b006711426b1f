import type { OrderStatus } from '@/api/types'

const FIRST_MS = 1_500
const GROWTH = 1.4
const LONGEST_UNPAID_MS = 12_000
const SLOW_MS = 30_000

/** Nothing happens to these any more. */
const FINAL = new Set<OrderStatus>(['completed', 'cancelled', 'refunded'])

/**
 * How long to wait before asking for an order again; null when there is nothing to wait for.
 * An unpaid one is asked for often at first (the buyer comes back from paying), then ever less.
 */
export function nextPollMs(status: OrderStatus, asked: number, failed: boolean): number | null {
  if (FINAL.has(status)) return null
  if (failed || status === 'pending_payment') {
    return Math.min(LONGEST_UNPAID_MS, Math.round(FIRST_MS * GROWTH ** asked))
  }
  return SLOW_MS
}
