import { describe, expect, it } from 'vitest'
import type { ChatMessage } from '@/api/types'
import { authorsOf, mentionsIn, unfinishedMention } from './mentions'

const said = (id: string | null, name: string) =>
  ({ author: { id, display_name: name } }) as ChatMessage

describe('mentions', () => {
  it('finds whom a text names', () => {
    const people = authorsOf(
      [said('1', '小雨'), said(null, '助手'), said('2', 'Ann'), said('1', '小雨'), said('3', '我')],
      '我',
    )
    expect(people.map((person) => person.id)).toEqual(['1', '2'])
    expect(mentionsIn('@小雨 好看吗 @Ann', people)).toEqual(['1', '2'])
    expect(mentionsIn('小雨 好看吗', people)).toEqual([])
  })

  it('knows a name that is being written', () => {
    expect(unfinishedMention('你好 @小')).toBe('小')
    expect(unfinishedMention('@')).toBe('')
    expect(unfinishedMention('a@b')).toBeNull()
    expect(unfinishedMention('@小雨 好')).toBeNull()
  })
})
