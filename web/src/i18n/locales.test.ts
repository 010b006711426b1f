import { describe, expect, it } from 'vitest'

const files = import.meta.glob<{ default: Record<string, unknown> }>('./locales/*/*.json', {
  eager: true,
})

function entries(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]]
  return Object.entries(value as Record<string, unknown>).flatMap(([key, inner]) =>
    entries(inner, path ? `${path}.${key}` : key),
  )
}

const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort()

describe('messages', () => {
  const areas = Object.keys(files)
    .filter((path) => path.includes('/zh-CN/'))
    .map((path) => path.split('/').at(-1) as string)

  it.each(areas)('%s says the same in both languages', (area) => {
    const chinese = new Map(entries(files[`./locales/zh-CN/${area}`]?.default))
    const english = new Map(entries(files[`./locales/en/${area}`]?.default))
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort())
    for (const [key, text] of chinese) {
      expect(text, key).not.toBe('')
      expect([key, placeholders(english.get(key) ?? '')]).toEqual([key, placeholders(text)])
    }
  })
})
