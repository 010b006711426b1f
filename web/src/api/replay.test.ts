import { expect, it } from 'vitest'
import { productAt, type ReplayProduct } from './replay'

const entry = (id: string, position: number, duration: number | null): ReplayProduct => ({
  window_id: id,
  product_id: id,
  began_at: '',
  position_s: position,
  duration_s: duration,
  clip_url: null,
})

const shown = [entry('a', 10, 20), entry('c', 60, null), entry('b', 25, 20)]

it.each([
  [0, null],
  [10, 'a'],
  [26, 'b'],
  [45, 'b'],
  [50, null],
  [400, 'c'],
])('at %i s: %s', (position, expected) => {
  expect(productAt(shown, position)?.window_id ?? null).toBe(expected)
})
