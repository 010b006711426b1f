import { http } from './client'
import type { Account, Id, Page, Role } from './types'

/** Everybody's accounts, for administrators. */
export const accounts = {
  search: (q: string, role: Role | null) =>
    http.get<Page<Account>>('/admin/users', { query: { q, role } }),
  setRoles: (id: Id, roles: Role[]) => http.put<Account>(`/admin/users/${id}/roles`, { roles }),
}
