import { onScopeDispose, type Ref, readonly, ref } from 'vue'

/** The current time in epoch milliseconds, renewed every second: for countdowns. */
export function useNow(intervalMs = 1_000): Readonly<Ref<number>> {
  const now = ref(Date.now())
  const timer = setInterval(() => {
    now.value = Date.now()
  }, intervalMs)
  onScopeDispose(() => clearInterval(timer))
  return readonly(now)
}
