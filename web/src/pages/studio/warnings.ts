import type { Id, RoomProduct } from '@/api/types'
import { formatMoney } from '@/format/money'
import { productName } from '@/format/product'

type Translate = (key: string, values: Record<string, unknown>) => string

/** The sentence for a `cue.warning`; what is not known by kind is shown in the server's words. */
export function describeWarning(
  data: Record<string, unknown>,
  products: ReadonlyMap<Id, RoomProduct>,
  t: Translate,
): string {
  const entry = products.get(String(data.product_id))
  const name = entry ? productName(entry.product) : ''
  const currency = entry?.product.skus[0]?.currency ?? 'CNY'
  const money = (value: unknown) => (typeof value === 'number' ? formatMoney(value, currency) : '')
  if (data.kind === 'price' && name) {
    return t('studio.cue.price', {
      name,
      spoken: money(data.spoken_cents),
      listed: money(data.listed_cents),
    })
  }
  if (data.kind === 'stock' && name) {
    return t('studio.cue.stock', { name, spoken: data.spoken, held: data.held })
  }
  const text = data.detail ?? data.text ?? data.message
  return t('studio.cue.other', { text: typeof text === 'string' ? text : '' })
}
