import { onScopeDispose } from 'vue'

const EDITABLE = 'input, textarea, select, [contenteditable]'

/** Single keys of a page; silent while one types, with Ctrl, Alt or Meta, or when `enabled` says no. */
export function useShortcuts(actions: Record<string, () => void>, enabled = () => true): void {
  function onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return
    if ((event.target as HTMLElement | null)?.closest?.(EDITABLE)) return
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (!action || !enabled()) return
    event.preventDefault()
    action()
  }
  window.addEventListener('keydown', onKey)
  onScopeDispose(() => window.removeEventListener('keydown', onKey))
}
