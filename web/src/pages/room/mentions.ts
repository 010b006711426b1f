import type { ChatMessage, Id } from '@/api/types'

export interface KnownPerson {
  id: Id
  display_name: string
}

/** As many as the gateway takes. */
export const MENTIONS_LIMIT = 5

/** Everybody who has written, the latest first, once each, without the asker. */
export function authorsOf(messages: readonly ChatMessage[], ownName: string): KnownPerson[] {
  const found = new Map<Id, KnownPerson>()
  for (const { author } of messages.toReversed()) {
    if (author.id && author.display_name !== ownName && !found.has(author.id)) {
      found.set(author.id, { id: author.id, display_name: author.display_name })
    }
  }
  return [...found.values()]
}

/** Whom a text names by `@name`. */
export function mentionsIn(text: string, people: readonly KnownPerson[]): Id[] {
  return people
    .filter((person) => text.includes(`@${person.display_name}`))
    .map((person) => person.id)
    .slice(0, MENTIONS_LIMIT)
}

/** What follows the last `@` of a text that is still being written; null where none is open. */
export function unfinishedMention(text: string): string | null {
  return /(?:^|\s)@(\S*)$/u.exec(text)?.[1] ?? null
}
