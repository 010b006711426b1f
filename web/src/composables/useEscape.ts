import { onScopeDispose, type Ref, watch } from 'vue'

const open: (() => void)[] = []

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && !event.defaultPrevented) open.at(-1)?.()
})

/** Escape calls `close` while `shown` is true, wherever the focus is; of several, the last one shown. */
export function useEscape(shown: Readonly<Ref<boolean>>, close: () => void): void {
  const forget = () => {
    const at = open.lastIndexOf(close)
    if (at >= 0) open.splice(at, 1)
  }
  watch(
    shown,
    (now) => {
      forget()
      if (now) open.push(close)
    },
    { immediate: true },
  )
  onScopeDispose(forget)
}
