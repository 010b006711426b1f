import type { ShippingZone } from '@/api/merchant'
import { moneyInput, parseMoney } from '@/format/money'

/** A zone as it is typed: amounts are texts until they are read. */
export interface ZoneForm {
  regions: string[]
  delivers: boolean
  first_g: number | null
  first: string
  next_g: number | null
  next: string
  freeFrom: string
}

export function emptyZone(): ZoneForm {
  return {
    regions: [],
    delivers: true,
    first_g: 1000,
    first: '',
    next_g: 1000,
    next: '0',
    freeFrom: '',
  }
}

export function toForm(zone: ShippingZone, currency: string): ZoneForm {
  const cents = zone.free_from_cents ?? null
  return {
    regions: [...(zone.regions ?? [])],
    delivers: zone.delivers ?? true,
    first_g: zone.first_g ?? 1000,
    first: moneyInput(zone.first_cents ?? 0, currency),
    next_g: zone.next_g ?? 1000,
    next: moneyInput(zone.next_cents ?? 0, currency),
    freeFrom: cents === null ? '' : moneyInput(cents, currency),
  }
}

/** What is sent; null where something is missing or is no amount. */
export function zoneOf(form: ZoneForm, currency: string): Required<ShippingZone> | null {
  const regions = form.regions.map((region) => region.trim()).filter(Boolean)
  if (!form.delivers) {
    const nothing = { first_g: 1, first_cents: 0, next_g: 1, next_cents: 0, free_from_cents: null }
    return { regions, delivers: false, ...nothing }
  }
  const first = parseMoney(form.first, currency)
  const next = parseMoney(form.next, currency)
  const free = form.freeFrom.trim() ? parseMoney(form.freeFrom, currency) : null
  if (first === null || next === null || !form.first_g || !form.next_g) return null
  if (form.freeFrom.trim() && free === null) return null
  return {
    regions,
    delivers: true,
    first_g: form.first_g,
    first_cents: first,
    next_g: form.next_g,
    next_cents: next,
    free_from_cents: free,
  }
}
