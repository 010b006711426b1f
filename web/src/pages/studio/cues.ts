import type { Cue, Id, RoomProduct } from '@/api/types'
import { formatMoney } from '@/format/money'
import { productName } from '@/format/product'
import { currentLocale } from '@/i18n'

type Translate = (key: string, values: Record<string, unknown>) => string

/** What one tap on the cue does; null where the host can only take note. */
export type CueAction = 'apply' | 'pin' | 'flash_sale' | 'fortune_bag'

/** What the host announced, for the dialog to begin with. */
export interface EngageStart {
  kind: 'flash_sale' | 'fortune_bag'
  cue: Cue
}

export function cueAction(cue: Cue): CueAction | null {
  if (cue.kind === 'warning.price' && cue.product_id) return 'apply'
  if (cue.kind === 'offer.open_link' && cue.product_id) return 'pin'
  if (cue.kind === 'offer.countdown' && cue.product_id) return 'flash_sale'
  return cue.kind === 'offer.raffle' ? 'fortune_bag' : null
}

/** The sentence for a cue; a kind that is not known is shown by its words alone. */
export function describeCue(
  cue: Cue,
  products: ReadonlyMap<Id, RoomProduct>,
  t: Translate,
): string {
  const product = cue.product_id ? products.get(cue.product_id)?.product : undefined
  const name = product ? productName(product) : ''
  const currency = product?.skus[0]?.currency ?? 'CNY'
  const { said, held, seconds } = cue.data
  const money = (value: unknown) => (typeof value === 'number' ? formatMoney(value, currency) : '–')
  switch (cue.kind) {
    case 'warning.price':
    case 'warning.list_price':
      return t(`studio.cue.${cue.kind.slice('warning.'.length)}`, {
        name,
        said: money(said),
        held: money(held),
      })
    case 'warning.stock':
      return t('studio.cue.stock', { name, said, held })
    case 'offer.open_link':
      return t('studio.cue.open_link', { name })
    case 'offer.raffle':
      return t('studio.cue.raffle', {})
    case 'offer.countdown':
      return t('studio.cue.countdown', { seconds: seconds ?? '' })
    case 'warning.claim':
    case 'warning.picture':
    case 'warning.stream':
      return describeClaim(cue.data) ?? t('studio.cue.other', {})
    default:
      return t('studio.cue.other', {})
  }
}

/** What the host should say instead of a claim that the law forbids: the advice, and the sentence put better. */
function describeClaim(data: Record<string, unknown>): string | null {
  const advice = (data.advice as Record<string, string> | undefined)?.[currentLocale()]
  if (!advice) return null
  return typeof data.instead === 'string' && data.instead ? `${advice} → “${data.instead}”` : advice
}
