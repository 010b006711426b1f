import { onScopeDispose } from 'vue'

const EDITABLE = 'input, textarea, select, [contenteditable="true"], [role="dialog"] *'

/** Single keys for a host whose hands are busy; silent while something is being typed. */
export function useShortcuts(handlers: Record<string, () => void>): void {
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return
    if ((event.target as HTMLElement).closest?.(EDITABLE)) return
    const handler = handlers[event.key.toLowerCase()]
    if (!handler) return
    event.preventDefault()
    handler()
  }
  window.addEventListener('keydown', onKey)
  onScopeDispose(() => window.removeEventListener('keydown', onKey))
}
