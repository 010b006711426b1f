import { http } from './client'
import type { Id, Insights, Script, ScriptStepInput } from './types'

export const TABLES = [
  'windows',
  'products',
  'trend',
  'activity',
  'marks',
  'events',
  'talk',
] as const
export type Table = (typeof TABLES)[number]

export const insights = {
  get: (roomId: Id) => http.get<Insights>(`/rooms/${roomId}/insights`),
  /** Where a table can be downloaded. */
  file: (roomId: Id, table: Table, form: 'csv' | 'parquet') =>
    `/api/rooms/${roomId}/insights/${table}.${form}`,
}

export const scripts = {
  get: (roomId: Id) => http.get<Script>(`/rooms/${roomId}/script`),
  write: (roomId: Id, steps: ScriptStepInput[]) =>
    http.put<Script>(`/rooms/${roomId}/script`, { steps }),
  begin: (roomId: Id, stepId: Id) =>
    http.post<Script>(`/rooms/${roomId}/script/begin`, { step_id: stepId }),
}
