import { http } from './client'
import type { Me } from './types'

export const auth = {
  me: () => http.get<Me>('/auth/me'),
  login: (email: string, password: string) => http.post<Me>('/auth/login', { email, password }),
  register: (email: string, password: string, displayName: string) =>
    http.post<Me>('/auth/register', { email, password, display_name: displayName }),
  logout: () => http.post<void>('/auth/logout'),
}
