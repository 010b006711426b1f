import type { Id, RoomProduct, ScriptStep, ScriptStepInput } from '@/api/types'
import { newUuid } from '@/format/uuid'

export const KINDS = ['red_packet', 'coupon_drop', 'flash_sale', 'fortune_bag', 'poll'] as const
type Kind = (typeof KINDS)[number]
type Draw = NonNullable<ScriptStepInput['draw']>

/** A step as it is being written: money in whole units, what it gives in one set of fields. */
export interface DraftStep {
  /** Of the form alone. */
  key: string
  id: Id | null
  title: string
  note: string
  productId: Id | null
  yuan: number | null
  kind: Kind | ''
  giveYuan: number | null
  count: number
  minutes: number
  words: string
  options: string
}

const cents = (yuan: number | null) => Math.round((yuan ?? 0) * 100)
/** Options of a poll are written on one line. */
const choices = (text: string) => [
  ...new Set(
    text
      .split(/[,，、/]/u)
      .map((option) => option.trim())
      .filter(Boolean),
  ),
]

export function blank(): DraftStep {
  return {
    key: newUuid(),
    id: null,
    title: '',
    note: '',
    productId: null,
    yuan: null,
    kind: '',
    giveYuan: null,
    count: 10,
    minutes: 3,
    words: '',
    options: '',
  }
}

export function draftOf(step: ScriptStep): DraftStep {
  const draft: DraftStep = {
    ...blank(),
    id: step.id,
    title: step.title,
    note: step.note ?? '',
    productId: step.product_id ?? null,
    yuan: step.price_cents ? step.price_cents / 100 : null,
  }
  const { draw } = step
  if (!draw) return draft
  draft.kind = draw.kind
  draft.minutes = Math.max(1, Math.round((draw.open_for_s ?? 180) / 60))
  switch (draw.kind) {
    case 'red_packet':
      return { ...draft, giveYuan: draw.total_cents / 100, count: draw.shares }
    case 'coupon_drop':
      return { ...draft, giveYuan: (draw.amount_cents ?? 0) / 100, count: draw.quantity }
    case 'flash_sale':
      return { ...draft, giveYuan: draw.price_cents / 100, count: draw.quantity }
    case 'fortune_bag':
      return { ...draft, words: draw.prize, count: draw.winners }
    case 'poll':
      return { ...draft, words: draw.question, options: draw.options.join('、') }
  }
}

export function isReady(draft: DraftStep): boolean {
  if (!draft.title.trim()) return false
  switch (draft.kind) {
    case '':
      return true
    case 'poll':
      return draft.words.trim() !== '' && choices(draft.options).length >= 2
    case 'fortune_bag':
      return draft.words.trim() !== ''
    case 'flash_sale':
      return draft.productId !== null && cents(draft.giveYuan) > 0
    case 'red_packet':
      return cents(draft.giveYuan) >= draft.count
    case 'coupon_drop':
      return cents(draft.giveYuan) > 0
  }
}

export function inputOf(draft: DraftStep, products: readonly RoomProduct[]): ScriptStepInput {
  return {
    id: draft.id,
    title: draft.title.trim(),
    note: draft.note.trim(),
    product_id: draft.productId,
    price_cents: draft.productId && draft.yuan ? cents(draft.yuan) : null,
    draw: drawOf(draft, products),
  }
}

/** A flash sale is of the product's first SKU. */
function drawOf(draft: DraftStep, products: readonly RoomProduct[]): Draw | null {
  const open_for_s = draft.minutes * 60
  const { count, kind } = draft
  switch (kind) {
    case '':
      return null
    case 'red_packet':
      return { kind, total_cents: cents(draft.giveYuan), shares: count, greeting: '', open_for_s }
    case 'coupon_drop':
      return {
        kind,
        title: '',
        amount_cents: cents(draft.giveYuan),
        threshold_cents: 0,
        quantity: count,
        open_for_s,
        valid_for_s: 3_600,
      }
    case 'flash_sale': {
      const product = products.find((entry) => entry.product.id === draft.productId)?.product
      const sku_id = product?.skus[0]?.id ?? ''
      return {
        kind,
        sku_id,
        price_cents: cents(draft.giveYuan),
        quantity: count,
        per_buyer: 1,
        open_for_s,
      }
    }
    case 'fortune_bag':
      return {
        kind,
        prize: draft.words.trim(),
        winners: count,
        entry: 'join',
        words: '',
        watch_s: 0,
        open_for_s,
      }
    case 'poll':
      return { kind, question: draft.words.trim(), options: choices(draft.options), open_for_s }
  }
}
