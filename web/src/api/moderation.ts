import { http } from './client'
import type { components } from './generated'
import type { Id } from './types'

type Schemas = components['schemas']

/** `start` and `end`: a half-open span of the case's text in code points; `score`: 0 to 1. */
export type Finding = Schemas['FindingOut']
export type ModerationCase = Schemas['Case']
export type CaseStatus = ModerationCase['status']
export type CasePage = Schemas['CasePage']
export type Decision = Schemas['DecisionIn']['decision']
export type BulkDecided = Schemas['BulkDecided']
export type QueueName = 'open' | 'decided' | 'released' | 'upheld' | 'review'

export type CaseContext = Schemas['CaseContext']
export type ReportInput = Schemas['ReportIn']

export type Sanction = Schemas['Sanction']
export type SanctionInput = Schemas['SanctionIn']
export type SanctionKind = Sanction['kind']
export type Offender = Schemas['Offender']

export type Appeal = Schemas['Appeal']
export type AppealWithContext = Schemas['AppealWithContext']
export type AppealInput = Schemas['AppealIn']
export type Mine = Schemas['Mine']

export type PolicyRule = Required<Schemas['RuleBody']>
export type PolicyPattern = Required<Schemas['PatternBody']>
export type PolicyBody = Schemas['PolicyBody']
export type PolicyVersion = Schemas['PolicyVersion']
export type PolicyEdition = Schemas['PolicyEdition']
export type DryRun = Schemas['DryRun']
export type Effect = Schemas['Effect']

export type AuditState = Schemas['AuditState']
/** One line of the exported log. */
export interface AuditEntry {
  seq: number
  at: string
  actor: Id | null
  action: string
  subject: string
  details: Record<string, unknown>
  hash: string
}

interface QueueQuery {
  limit?: number
  offset?: number
  author_id?: Id
  signal?: AbortSignal
}

export const moderation = {
  cases: (status: QueueName, { signal, ...query }: QueueQuery = {}) =>
    http.get<CasePage>('/moderation/cases', { query: { status, ...query }, signal }),
  context: (id: Id, signal?: AbortSignal) =>
    http.get<CaseContext>(`/moderation/cases/${id}/context`, { signal }),
  report: (input: ReportInput) => http.post<Schemas['Reported']>('/reports', input),
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

  sanctions: (active: boolean) =>
    http.get<{ items: Sanction[] }>('/moderation/sanctions', { query: { active: String(active) } }),
  sanction: (input: SanctionInput) => http.post<Sanction>('/moderation/sanctions', input),
  lift: (id: Id, reason: string) =>
    http.post<Sanction>(`/moderation/sanctions/${id}/lift`, { reason }),
  offender: (userId: Id) => http.get<Offender>(`/moderation/users/${userId}`),

  appeals: (status: Appeal['status']) =>
    http.get<{ items: AppealWithContext[] }>('/moderation/appeals', { query: { status } }),
  decideAppeal: (id: Id, grant: boolean, reason: string) =>
    http.post<AppealWithContext>(`/moderation/appeals/${id}/decide`, { grant, reason }),
  /** What stands against the logged-in user, and their appeals. */
  mine: () => http.get<Mine>('/moderation/mine'),
  appealBan: (input: Schemas['BannedAppeal']) => http.post<Appeal>('/auth/appeal', input),
  appeal: (input: AppealInput) => http.post<Appeal>('/appeals', input),

  policy: () => http.get<PolicyVersion>('/moderation/policy'),
  policyVersions: () => http.get<{ items: PolicyEdition[] }>('/moderation/policy/versions'),
  policyVersion: (version: number) =>
    http.get<PolicyVersion>(`/moderation/policy/versions/${version}`),
  changePolicy: (body: PolicyBody, basedOn: number, note: string) =>
    http.put<PolicyVersion>('/moderation/policy', { ...body, based_on: basedOn, note }),
  dryRun: (body: PolicyBody) =>
    http.post<DryRun>('/moderation/policy/dry-run', body, { timeoutMs: 60_000 }),

  auditState: () => http.get<AuditState>('/moderation/audit/state', { timeoutMs: 60_000 }),
}

/** The audit log after an entry, oldest first. */
export async function readAudit(after: number): Promise<AuditEntry[]> {
  const response = await fetch(`/api/moderation/audit?after=${after}`)
  if (!response.ok) throw new Error(`audit log: ${response.status}`)
  const text = await response.text()
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as AuditEntry)
}
