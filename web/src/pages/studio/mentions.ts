import type { RoomProduct } from '@/api/types'

export interface TextPart {
  text: string
  /** Place in the queue of the product that is named here. */
  position: number | null
}

/** Cuts a sentence where a queued product is named, by its names and aliases; longest first. */
export function splitByProducts(text: string, products: readonly RoomProduct[]): TextPart[] {
  const positions = new Map<string, number>()
  for (const { position, product } of products) {
    for (const name of [product.name, product.name_en, ...product.aliases]) {
      const key = name.trim().toLowerCase()
      if (key.length > 1 && !positions.has(key)) positions.set(key, position)
    }
  }
  if (positions.size === 0) return [{ text, position: null }]
  const names = [...positions.keys()].sort((a, b) => b.length - a.length).map(asPattern)
  return text
    .split(new RegExp(`(${names.join('|')})`, 'iu'))
    .filter((part) => part !== '')
    .map((part) => ({ text: part, position: positions.get(part.toLowerCase()) ?? null }))
}

function asPattern(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
