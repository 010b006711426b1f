import { readonly, ref } from 'vue'

export interface Toast {
  id: number
  text: string
  kind: 'info' | 'error'
}

const SHOWN_MS = 3_200
const toasts = ref<Toast[]>([])
let nextId = 1

export const shownToasts = readonly(toasts)

/** A short word at the bottom of any page; the oldest of more than two gives way. */
export function toast(text: string, kind: Toast['kind'] = 'info'): void {
  const id = nextId++
  toasts.value = [...toasts.value.filter((known) => known.text !== text), { id, text, kind }].slice(
    -2,
  )
  setTimeout(() => {
    toasts.value = toasts.value.filter((known) => known.id !== id)
  }, SHOWN_MS)
}
