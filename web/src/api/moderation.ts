import { http } from './client'
import type { Id, Person } from './types'

export interface Finding {
  category: string
  /** 0 to 1. */
  score: number
  /** "category.kind", such as "ad_law.absolute". */
  detector: string
  /** A half-open span of the case's text, in code points. */
  start: number
  end: number
  evidence: string
}

export type CaseStatus = 'open' | 'released' | 'upheld'
export type Decision = 'release' | 'uphold'

export interface ModerationCase {
  id: Id
  surface: string
  room_id: Id | null
  room_title: string | null
  subject: { type: string; id: string }
  author: Person | null
  text: string
  findings: Finding[]
  evidence: Record<string, unknown>
  status: CaseStatus
  /** Everybody can see it while it is looked at. */
  visible: boolean
  /** 0 to 100. */
  urgency: number
  /** How many viewers reported it. */
  reports: number
  created_at: string
  /** When it should be decided. */
  due_at: string
  claimed_by: Person | null
  claimed_until: string | null
  decided_by: Person | null
  decided_at: string | null
  reason: string | null
  /** A grave decision wants a second look, by somebody else. */
  review: 'none' | 'wanted' | 'confirmed' | 'overturned'
}

export type QueueName = 'open' | 'decided' | 'released' | 'upheld' | 'review'

/** `total` counts all that match, not only this page. */
export interface CasePage {
  items: ModerationCase[]
  total: number
}

export interface BulkDecided {
  decided: Id[]
  refused: { id: Id; code: string }[]
}

interface QueueQuery {
  limit?: number
  offset?: number
  signal?: AbortSignal
}

export const moderation = {
  cases: (status: QueueName, { signal, ...page }: QueueQuery = {}) =>
    http.get<CasePage>('/moderation/cases', { query: { status, ...page }, signal }),
  claim: (id: Id) => http.post<ModerationCase>(`/moderation/cases/${id}/claim`),
  unclaim: (id: Id) => http.delete<ModerationCase>(`/moderation/cases/${id}/claim`),
  decide: (id: Id, decision: Decision, reason: string, keepalive = false) =>
    http.post<ModerationCase>(
      `/moderation/cases/${id}/decide`,
      { decision, reason },
      { keepalive },
    ),
  decideMany: (ids: Id[], decision: Decision, reason: string, keepalive = false) =>
    http.post<BulkDecided>(
      '/moderation/cases/decide',
      { case_ids: ids, decision, reason },
      { keepalive },
    ),
  review: (id: Id, confirm: boolean, reason: string) =>
    http.post<ModerationCase>(`/moderation/cases/${id}/review`, { confirm, reason }),
}
