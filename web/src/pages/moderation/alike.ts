import type { ModerationCase } from '@/api/moderation'

const fold = (text: string) =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')

const categories = (item: ModerationCase) => new Set(item.findings.map((one) => one.category))

/**
 * Cases that one decision may fit: the same words, however spaced and punctuated, or the same
 * author for the same reason.
 */
export function alike(target: ModerationCase, cases: readonly ModerationCase[]): ModerationCase[] {
  const text = fold(target.text)
  const wanted = categories(target)
  return cases.filter((item) => {
    if (item.id === target.id) return true
    if (item.surface !== target.surface) return false
    if (text !== '' && fold(item.text) === text) return true
    const sameAuthor = target.author !== null && item.author?.id === target.author.id
    return sameAuthor && [...categories(item)].some((category) => wanted.has(category))
  })
}
