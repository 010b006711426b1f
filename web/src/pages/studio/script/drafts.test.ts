import { describe, expect, it } from 'vitest'
import type { RoomProduct, ScriptStep } from '@/api/types'
import { blank, type DraftStep, draftOf, inputOf, isReady } from './drafts'

const products = [{ position: 1, product: { id: 'mask', skus: [{ id: 'sku' }] } }] as RoomProduct[]
const written = (change: Partial<DraftStep>) => ({ ...blank(), title: '面膜', ...change })

describe('a step being written', () => {
  it('comes back as it went', () => {
    for (const draft of [
      written({ note: '讲成分', productId: 'mask', yuan: 79.9 }),
      written({ kind: 'red_packet', giveYuan: 20, count: 30, minutes: 5 }),
      written({ kind: 'coupon_drop', giveYuan: 10, count: 7 }),
      written({ kind: 'flash_sale', productId: 'mask', giveYuan: 49, count: 2 }),
      written({ kind: 'fortune_bag', words: '面膜一盒', count: 3 }),
      written({ kind: 'poll', words: '选哪个？', options: '红、白' }),
    ]) {
      expect(isReady(draft)).toBe(true)
      const step = { ...inputOf(draft, products), position: 1, id: 'step' } as ScriptStep
      expect(draftOf(step)).toEqual({ ...draft, id: 'step', key: expect.any(String) })
    }
  })

  it('is not ready while something is missing', () => {
    for (const change of [
      { title: ' ' },
      { kind: 'poll', words: '选哪个？', options: '红' },
      { kind: 'flash_sale', giveYuan: 10 },
      { kind: 'red_packet', giveYuan: 0.01, count: 2 },
      { kind: 'fortune_bag' },
    ] as Partial<DraftStep>[]) {
      expect(isReady(written(change))).toBe(false)
    }
  })
})
