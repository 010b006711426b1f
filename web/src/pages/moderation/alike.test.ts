import { describe, expect, it } from 'vitest'
import type { ModerationCase } from '@/api/moderation'
import { alike } from './alike'

const one = (id: string, text: string, author: string | null, category: string, surface = 'chat') =>
  ({
    id,
    text,
    surface,
    author: author ? { id: author, display_name: author } : null,
    findings: [{ category }],
  }) as ModerationCase

describe('alike', () => {
  const target = one('a', '加 V信 8866', 'mei', 'diversion')
  const found = (...others: ModerationCase[]) =>
    alike(target, [target, ...others]).map((item) => item.id)

  it('finds the same words of others, however they are spaced', () => {
    expect(
      found(one('b', '加V信8866！', 'lu', 'diversion'), one('c', '加V信8867', 'lu', 'spam')),
    ).toEqual(['a', 'b'])
  })

  it('finds the same author only for the same reason', () => {
    expect(found(one('b', '来我店里', 'mei', 'diversion'), one('c', '滚', 'mei', 'abuse'))).toEqual(
      ['a', 'b'],
    )
  })

  it('mixes neither surfaces nor texts without words', () => {
    expect(found(one('b', '加V信8866', 'mei', 'diversion', 'speech'))).toEqual(['a'])
    const mute = one('x', '！！！', null, 'spam')
    expect(alike(mute, [mute, one('y', '？？', null, 'spam')]).map((item) => item.id)).toEqual([
      'x',
    ])
  })
})
