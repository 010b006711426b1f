import { http } from './client'
import type { components } from './generated'
import type { Id, Page } from './types'

type Schemas = components['schemas']

export type Handover = Schemas['Handover']
export type HandoverStatus = Handover['status']
export type Unanswered = Schemas['Unanswered']
export type FaqInput = Schemas['FaqIn']
export type Trace = Schemas['Trace']
export type AssistantMode = Schemas['RoomSettings']['mode']
export type AssistantStatus = Schemas['AssistantStatus']

export const assistant = {
  /** Of one room for its host; of every room for moderators and merchants. */
  handovers: (status: HandoverStatus, roomId?: Id) =>
    http.get<Page<Handover>>('/assistant/handovers', { query: { status, room_id: roomId } }),
  reply: (id: Id, text: string) =>
    http.post<Handover>(`/assistant/handovers/${id}/reply`, { text }),
  dismiss: (id: Id) => http.post<Handover>(`/assistant/handovers/${id}/dismiss`),
  unanswered: () => http.get<Page<Unanswered>>('/assistant/unanswered'),
  addFaq: (input: FaqInput) => http.post<unknown>('/assistant/faq', input),
  trace: (messageId: Id) => http.get<Trace>(`/assistant/questions/${messageId}`),
  feedback: (messageId: Id, helpful: boolean) =>
    http.put<undefined>(`/assistant/questions/${messageId}/feedback`, { helpful }),
  mode: async (roomId: Id) =>
    (await http.get<Schemas['RoomSettings']>(`/assistant/rooms/${roomId}/settings`)).mode,
  setMode: (roomId: Id, mode: AssistantMode) =>
    http.put<Schemas['RoomSettings']>(`/assistant/rooms/${roomId}/settings`, { mode }),
  status: () => http.get<AssistantStatus>('/assistant/status'),
}
