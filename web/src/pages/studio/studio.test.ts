import { describe, expect, it } from 'vitest'
import type { RoomProduct } from '@/api/types'
import { splitByProducts } from './mentions'
import { moveItem } from './queue'

function entry(position: number, name: string, nameEn: string, aliases: string[]): RoomProduct {
  return {
    position,
    product: {
      id: String(position),
      slug: '',
      name,
      name_en: nameEn,
      category: '',
      description: '',
      image_url: null,
      status: 'on_sale',
      attributes: {},
      tags: [],
      faq: [],
      aliases,
      skus: [],
    },
  }
}

describe('splitByProducts', () => {
  const queue = [
    entry(1, '玻尿酸补水面膜', 'Hyaluronic Acid Sheet Mask', ['补水面膜']),
    entry(2, '降噪耳机 (Pro)', 'Buds+', ['耳机', 'in-ear / set']),
  ]

  it('marks the longest name and leaves the rest', () => {
    expect(splitByProducts('这款玻尿酸补水面膜和耳机', queue)).toEqual([
      { text: '这款', position: null },
      { text: '玻尿酸补水面膜', position: 1 },
      { text: '和', position: null },
      { text: '耳机', position: 2 },
    ])
  })

  it('ignores case and takes names with signs literally', () => {
    expect(
      splitByProducts('the BUDS+ and 降噪耳机 (pro)', queue).map((part) => part.position),
    ).toEqual([null, 2, null, 2])
  })

  it('takes hyphens and slashes literally', () => {
    expect(splitByProducts('an In-Ear / Set!', queue).map((part) => part.position)).toEqual([
      null,
      2,
      null,
    ])
  })

  it('leaves a sentence without products whole', () => {
    expect(splitByProducts('大家晚上好', queue)).toEqual([{ text: '大家晚上好', position: null }])
    expect(splitByProducts('大家晚上好', [])).toEqual([{ text: '大家晚上好', position: null }])
  })
})

describe('moveItem', () => {
  it('moves forwards and backwards', () => {
    expect(moveItem(['a', 'b', 'c'], 0, 2)).toEqual(['b', 'c', 'a'])
    expect(moveItem(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b'])
  })

  it('changes nothing outside the list', () => {
    expect(moveItem(['a', 'b'], 0, -1)).toEqual(['a', 'b'])
    expect(moveItem(['a', 'b'], 1, 2)).toEqual(['a', 'b'])
  })
})
