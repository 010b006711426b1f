import { describe, expect, it } from 'vitest'
import { excerpt, segments } from './highlight'

const finding = (category: string, start: number, end: number) => ({
  category,
  start,
  end,
})

describe('segments', () => {
  it('marks what a finding covers', () => {
    expect(segments('加我薇信 8866', [finding('diversion', 2, 4)])).toEqual([
      { text: '加我', categories: [] },
      { text: '薇信', categories: ['diversion'] },
      { text: ' 8866', categories: [] },
    ])
  })

  it('counts code points, not UTF-16 units', () => {
    expect(segments('😂😂V信😂', [finding('diversion', 2, 4)])).toEqual([
      { text: '😂😂', categories: [] },
      { text: 'V信', categories: ['diversion'] },
      { text: '😂', categories: [] },
    ])
  })

  it('cuts overlapping findings apart and names a category once', () => {
    expect(
      segments('abcdef', [finding('spam', 0, 4), finding('abuse', 2, 6), finding('abuse', 3, 4)]),
    ).toEqual([
      { text: 'ab', categories: ['spam'] },
      { text: 'c', categories: ['spam', 'abuse'] },
      { text: 'd', categories: ['spam', 'abuse'] },
      { text: 'ef', categories: ['abuse'] },
    ])
  })

  it('survives offsets that do not fit the text', () => {
    const plain = [{ text: 'abc', categories: [] }]
    expect(segments('abc', [finding('spam', 1, 1)])).toEqual(plain)
    expect(segments('abc', [finding('spam', 5, 9)])).toEqual(plain)
    expect(segments('abc', [finding('spam', 2, 1)])).toEqual(plain)
    expect(segments('abc', [finding('spam', -3, 99)])).toEqual([
      { text: 'abc', categories: ['spam'] },
    ])
    expect(segments('', [finding('spam', 0, 1)])).toEqual([])
  })
})

describe('excerpt', () => {
  it('leaves a short text whole', () => {
    expect(excerpt('abc', [], 10)).toEqual([{ text: 'abc', categories: [] }])
  })

  it('shows the finding of a long text, and that something was left out', () => {
    const text = `${'a'.repeat(100)}BAD${'c'.repeat(100)}`
    expect(excerpt(text, [finding('abuse', 100, 103)], 20)).toEqual([
      { text: '…', categories: [] },
      { text: 'aaaaa', categories: [] },
      { text: 'BAD', categories: ['abuse'] },
      { text: 'c'.repeat(12), categories: [] },
      { text: '…', categories: [] },
    ])
  })
})
