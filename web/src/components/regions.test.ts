import { describe, expect, it } from 'vitest'
import { codeOf, loadRegions, PROVINCE_EN, regionText } from './regions'

describe('regions of China', () => {
  it('are found again from what was written', async () => {
    const all = await loadRegions()
    const beijing = all.find(({ text }) => text === '北京市')
    const city = beijing?.children?.[0]
    const district = city?.children?.find(({ text }) => text === '东城区')
    if (!beijing || !city || !district) throw new Error('no 东城区')
    expect(regionText([beijing, city, district])).toBe('北京市 东城区')
    expect(codeOf(all, '北京市 东城区')).toBe(district.value)
    expect(codeOf(all, '浙江省 杭州市 西湖区')).toBe('330106')
  })

  it('are none for what was typed by hand', async () => {
    const all = await loadRegions()
    for (const typed of ['', 'Berlin', '浙江省', '浙江省 杭州市', '浙江省 杭州市 西湖']) {
      expect(codeOf(all, typed)).toBeNull()
    }
  })

  it('include Hong Kong, Macao and Taiwan', async () => {
    const all = await loadRegions()
    expect(all.map(({ value }) => value)).toEqual(Object.keys(PROVINCE_EN))
    expect(all.slice(-3).map(({ value }) => PROVINCE_EN[value])).toEqual([
      'Taiwan',
      'Hong Kong',
      'Macao',
    ])
  })
})
