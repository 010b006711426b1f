import { http } from './client'
import type { Id, Person } from './types'

export interface Finding {
  category: string
  /** 0 to 1. */
  score: number
  detector: string
  /** Characters (code points) of the case's text; null where the whole is meant. */
  start: number | null
  end: number | null
  evidence: string
}

export type CaseStatus = 'open' | 'released' | 'upheld'
export type Decision = 'release' | 'uphold'

export interface ModerationCase {
  id: Id
  surface: string
  room_id: Id | null
  room_title: string | null
  subject: { type: string; id: Id | null }
  author: Person | null
  text: string
  findings: Finding[]
  status: CaseStatus
  urgency: number
  created_at: string
  claimed_by?: Person | null
  decided_by: Person | null
  decided_at: string | null
  reason?: string | null
}

export interface CasePage {
  items: ModerationCase[]
  total?: number
}

export const moderation = {
  cases: (status: CaseStatus | 'decided', signal?: AbortSignal) =>
    http.get<CasePage>('/moderation/cases', { query: { status }, signal }),
  claim: (id: Id) => http.post<ModerationCase>(`/moderation/cases/${id}/claim`),
  decide: (id: Id, decision: Decision, reason: string, keepalive = false) =>
    http.post<ModerationCase>(
      `/moderation/cases/${id}/decide`,
      { decision, reason },
      { keepalive },
    ),
}
