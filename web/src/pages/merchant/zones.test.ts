import { describe, expect, it } from 'vitest'
import { emptyZone, toForm, zoneOf } from './zones'

const NEAR = {
  regions: ['浙江', '上海'],
  delivers: true,
  first_g: 1000,
  first_cents: 600,
  next_g: 500,
  next_cents: 250,
  free_from_cents: 9900,
}

describe('a shipping zone', () => {
  it('comes back from its form as it was', () => {
    expect(zoneOf(toForm(NEAR, 'CNY'), 'CNY')).toEqual(NEAR)
    const never = { ...NEAR, free_from_cents: null }
    expect(zoneOf(toForm(never, 'CNY'), 'CNY')).toEqual(never)
  })

  it('is not sent with anything missing or wrong', () => {
    expect(zoneOf(emptyZone(), 'CNY')).toBeNull()
    for (const wrong of [{ first: 'x' }, { next: '-1' }, { freeFrom: 'soon' }, { first_g: null }]) {
      expect(zoneOf({ ...toForm(NEAR, 'CNY'), ...wrong }, 'CNY')).toBeNull()
    }
  })

  it('needs no rates where nothing is delivered', () => {
    const far = zoneOf({ ...emptyZone(), regions: [' 西藏 ', ''], delivers: false }, 'CNY')
    expect(far?.regions).toEqual(['西藏'])
    expect(far?.delivers).toBe(false)
  })
})
