import type { Coupon, CouponInput, FlashSale } from '@/api/merchant'
import { parseMoney } from '@/format/money'

export type Phase = 'planned' | 'running' | 'over'

interface Period {
  starts_at: string
  ends_at: string
}

export function phase({ starts_at, ends_at }: Period, nowMs: number): Phase {
  if (nowMs < Date.parse(starts_at)) return 'planned'
  return nowMs < Date.parse(ends_at) ? 'running' : 'over'
}

/** How much of a flash sale or coupon is used, 0 to 1; null where there is no limit. */
export function usedShare(item: FlashSale | Coupon): number | null {
  if ('quantity' in item) return Math.min(1, item.sold / item.quantity)
  return item.total_limit ? Math.min(1, item.used / item.total_limit) : null
}

export interface CouponForm {
  code: string
  kind: 'amount' | 'rate'
  /** "20" yuan off. */
  amount: string
  /** Percent off, "12.5". */
  percent: string
  maxDiscount: string
  threshold: string
  totalLimit: number | null
  perBuyer: number
  /** Epoch milliseconds. */
  period: [number, number] | null
}

export const emptyCoupon = (): CouponForm => ({
  code: '',
  kind: 'amount',
  amount: '',
  percent: '',
  maxDiscount: '',
  threshold: '',
  totalLimit: null,
  perBuyer: 1,
  period: null,
})

/** "12.5" percent → 1250 basis points; null where it is not between 0.01 and 100. */
export function parseBasisPoints(percent: string): number | null {
  const match = /^(\d{1,3})(?:\.(\d{1,2}))?$/.exec(
    percent.normalize('NFKC').replace('%', '').trim(),
  )
  if (!match) return null
  const points = Number(`${match[1]}${(match[2] ?? '').padEnd(2, '0')}`)
  return points >= 1 && points <= 10_000 ? points : null
}

const CODE = /^[A-Z0-9-]{3,32}$/

/** What the API takes; null where something is missing or makes no sense. */
export function couponInput(form: CouponForm): CouponInput | null {
  const money = (text: string) => (text.trim() ? parseMoney(text, 'CNY') : null)
  const fixed = form.kind === 'amount'
  const amount = fixed ? money(form.amount) : null
  const rate = fixed ? null : parseBasisPoints(form.percent)
  const threshold = form.threshold.trim() ? money(form.threshold) : 0
  const most = fixed ? null : money(form.maxDiscount)
  const code = form.code.trim().toUpperCase()
  if (!CODE.test(code) || !form.period || form.period[1] <= form.period[0]) return null
  if ((fixed ? amount : rate) === null || amount === 0 || threshold === null) return null
  if (!fixed && form.maxDiscount.trim() && !most) return null
  return {
    code,
    amount_cents: amount,
    rate_bps: rate,
    max_discount_cents: most,
    threshold_cents: threshold,
    currency: 'CNY',
    room_id: null,
    funded_by: 'merchant',
    total_limit: form.totalLimit,
    per_buyer: form.perBuyer,
    starts_at: new Date(form.period[0]).toISOString(),
    ends_at: new Date(form.period[1]).toISOString(),
  }
}
