import { computed, readonly, ref } from 'vue'
import { auth } from '@/api/auth'
import { ApiError, setUnauthorizedHandler } from '@/api/client'
import type { Me, Role } from '@/api/types'

const me = ref<Me | null>(null)
let loading: Promise<Me | null> | null = null

setUnauthorizedHandler(() => {
  me.value = null
  loading = Promise.resolve(null)
})

async function fetchMe(): Promise<Me | null> {
  try {
    me.value = await auth.me()
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    me.value = null
    // Offline or a restarting server: let the next caller ask again.
    if (error.status !== 401) loading = null
  }
  return me.value
}

/** The logged-in user, shared by the whole client. */
export const session = {
  me: readonly(me),
  loggedIn: computed(() => me.value !== null),
  /** Asks the server once; later calls share the answer. */
  load(): Promise<Me | null> {
    loading ??= fetchMe()
    return loading
  },
  has(...roles: Role[]): boolean {
    const own = me.value?.roles ?? []
    return own.includes('admin') || roles.some((role) => own.includes(role))
  },
  async login(email: string, password: string): Promise<Me> {
    const user = await auth.login(email, password)
    me.value = user
    loading = Promise.resolve(user)
    return user
  },
  async register(email: string, password: string, displayName: string): Promise<Me> {
    const user = await auth.register(email, password, displayName)
    me.value = user
    loading = Promise.resolve(user)
    return user
  },
  async changeProfile(change: Parameters<typeof auth.changeProfile>[0]): Promise<Me> {
    const user = await auth.changeProfile(change)
    me.value = user
    loading = Promise.resolve(user)
    return user
  },
  async deleteAccount(password: string): Promise<void> {
    await auth.deleteAccount(password)
    me.value = null
    loading = Promise.resolve(null)
  },
  async logout(): Promise<void> {
    await auth.logout()
    me.value = null
    loading = Promise.resolve(null)
  },
}
