import { http } from './client'
import type { components } from './generated'
import type { Id, Page } from './types'

type Schemas = components['schemas']

export type Handover = Schemas['Handover']
export type HandoverStatus = Handover['status']
export type Unanswered = Schemas['Unanswered']
export type FaqInput = Schemas['FaqIn']

export const assistant = {
  handovers: (status: HandoverStatus) =>
    http.get<Page<Handover>>('/assistant/handovers', { query: { status } }),
  reply: (id: Id, text: string) =>
    http.post<Handover>(`/assistant/handovers/${id}/reply`, { text }),
  dismiss: (id: Id) => http.post<Handover>(`/assistant/handovers/${id}/dismiss`),
  unanswered: () => http.get<Page<Unanswered>>('/assistant/unanswered'),
  addFaq: (input: FaqInput) => http.post<unknown>('/assistant/faq', input),
}
