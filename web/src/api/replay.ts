import type { Id } from './types'

export interface ReplayProduct {
  window_id: Id
  product_id: Id
  began_at: string
  position_s: number
  duration_s: number | null
  /** Relative to the timeline; null while the clip is not cut. */
  clip_url: string | null
}

export interface ReplayTimeline {
  room_id: Id
  began_at: string
  duration_s: number
  url: string
  products: ReplayProduct[]
}

/** The media role's answer; null where nothing was recorded or it is kept no longer. */
export async function fetchTimeline(
  url: string,
  signal?: AbortSignal,
): Promise<ReplayTimeline | null> {
  const response = await fetch(url, { signal }).catch(() => null)
  return response?.ok ? ((await response.json()) as ReplayTimeline) : null
}

/** What was on show at a moment of the replay; the latest that had begun and not ended. */
export function productAt(
  products: readonly ReplayProduct[],
  positionS: number,
): ReplayProduct | null {
  let found: ReplayProduct | null = null
  for (const entry of products) {
    const begun = entry.position_s <= positionS
    const over = entry.duration_s !== null && positionS > entry.position_s + entry.duration_s
    if (begun && !over && (!found || entry.position_s >= found.position_s)) found = entry
  }
  return found
}
