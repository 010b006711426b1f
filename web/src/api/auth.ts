import { http } from './client'
import type { AccessToken, Id, Me, Page } from './types'

export const auth = {
  me: () => http.get<Me>('/auth/me'),
  login: (email: string, password: string) => http.post<Me>('/auth/login', { email, password }),
  register: (email: string, password: string, displayName: string) =>
    http.post<Me>('/auth/register', { email, password, display_name: displayName }),
  changeProfile: (change: { display_name?: string; locale?: string }) =>
    http.patch<Me>('/auth/me', change),
  changePassword: (current: string, fresh: string) =>
    http.put<void>('/auth/password', { current, new: fresh }),
  tokens: () => http.get<Page<AccessToken>>('/auth/tokens'),
  createToken: (name: string) =>
    http.post<AccessToken & { token: string }>('/auth/tokens', { name }),
  revokeToken: (id: Id) => http.delete<void>(`/auth/tokens/${id}`),
  obstacles: async () => (await http.get<{ obstacles: string[] }>('/account/deletion')).obstacles,
  deleteAccount: (password: string) => http.post<void>('/account/deletion', { password }),
  logout: () => http.post<void>('/auth/logout'),
}
