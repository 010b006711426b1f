import { computed, onScopeDispose, ref, shallowRef } from 'vue'
import { ApiError } from '@/api/client'
import { type Decision, type ModerationCase, moderation } from '@/api/moderation'
import type { Id } from '@/api/types'
import { toast } from '@/components/toast'
import { errorMessage } from '@/i18n/errors'
import { Backoff } from '@/live/backoff'
import { session } from '@/session/session'
import { DecisionBuffer, type HeldDecision } from './decisions'

const POLL_MS = 3_000
export const UNDO_MS = 4_000

/** Most urgent first; of the same urgency the oldest. */
export function byUrgency(a: ModerationCase, b: ModerationCase): number {
  return b.urgency - a.urgency || a.created_at.localeCompare(b.created_at)
}

/** The open cases, kept fresh, with one selected and decisions that can be taken back. */
export function useCaseQueue() {
  const cases = shallowRef<ModerationCase[]>([])
  const total = ref(0)
  const held = shallowRef<readonly HeldDecision[]>([])
  const selectedId = ref<Id | null>(null)
  const loaded = ref(false)
  const stale = ref(false)
  const error = shallowRef<unknown>(null)
  /** Decided here: an answer that was under way must not bring them back. */
  const gone = new Set<Id>()
  const abort = new AbortController()
  const backoff = new Backoff()
  let timer: ReturnType<typeof setTimeout> | null = null
  let leaving = false

  const buffer = new DecisionBuffer({
    delayMs: UNDO_MS,
    send,
    onChange: (items) => {
      held.value = items
    },
  })

  const open = computed(() => {
    const waiting = new Set(held.value.map((item) => item.case.id))
    return cases.value.filter((item) => !waiting.has(item.id) && !gone.has(item.id))
  })
  const selected = computed(() => open.value.find((item) => item.id === selectedId.value) ?? null)
  const openTotal = computed(() => Math.max(open.value.length, total.value - held.value.length))

  async function load(): Promise<void> {
    if (timer) clearTimeout(timer)
    try {
      const page = await moderation.cases('open', abort.signal)
      cases.value = [...page.items].sort(byUrgency)
      total.value = page.total ?? page.items.length
      const listed = new Set(page.items.map((item) => item.id))
      for (const id of gone) if (!listed.has(id)) gone.delete(id)
      if (!selected.value) selectedId.value = open.value[0]?.id ?? null
      error.value = null
      loaded.value = true
      stale.value = false
      backoff.reset()
      schedule(POLL_MS)
    } catch (cause) {
      if (abort.signal.aborted) return
      if (loaded.value) stale.value = true
      else error.value = cause
      schedule(Math.max(POLL_MS, backoff.nextDelayMs()))
    }
  }

  function schedule(delayMs: number): void {
    if (!abort.signal.aborted && !document.hidden) timer = setTimeout(() => void load(), delayMs)
  }

  function select(id: Id): void {
    selectedId.value = id
  }

  function move(step: 1 | -1): void {
    const list = open.value
    const index = list.findIndex((item) => item.id === selectedId.value)
    const next = list[Math.max(0, Math.min(list.length - 1, index + step))]
    if (next) selectedId.value = next.id
  }

  /** Selects what follows, so that a moderator's hands stay where they are. */
  function decide(target: ModerationCase, decision: Decision, reason = ''): void {
    const list = open.value
    const index = list.findIndex((item) => item.id === target.id)
    const next = list[index + 1] ?? list[index - 1] ?? null
    if (selectedId.value === target.id) selectedId.value = next?.id ?? null
    buffer.hold(target, decision, reason)
  }

  function undo(id?: Id): void {
    const item = buffer.undo(id)
    if (item) selectedId.value = item.case.id
  }

  async function send({ case: target, decision, reason }: HeldDecision): Promise<void> {
    gone.add(target.id)
    try {
      await moderation.decide(target.id, decision, reason, leaving)
    } catch (cause) {
      // Somebody else was first: it stays gone. Anything else: it comes back.
      const conflict = cause instanceof ApiError && cause.status === 409
      if (!conflict) gone.delete(target.id)
      toast(errorMessage(cause), 'error')
    }
    if (!leaving) await load()
  }

  async function claim(target: ModerationCase): Promise<void> {
    try {
      const answer = await moderation.claim(target.id)
      const me = session.me.value
      const mine = me ? { id: me.id, display_name: me.display_name } : null
      cases.value = cases.value.map((item) =>
        item.id === target.id
          ? { ...item, ...answer, claimed_by: answer.claimed_by ?? mine }
          : item,
      )
    } catch (cause) {
      toast(errorMessage(cause), 'error')
      await load()
    }
  }

  const claimedByOther = (item: ModerationCase) =>
    Boolean(item.claimed_by && item.claimed_by.id !== session.me.value?.id)

  function leave(): void {
    leaving = true
    buffer.flush()
    leaving = false
  }
  const visible = () => {
    if (!document.hidden) void load()
  }
  window.addEventListener('pagehide', leave)
  document.addEventListener('visibilitychange', visible)
  onScopeDispose(() => {
    window.removeEventListener('pagehide', leave)
    document.removeEventListener('visibilitychange', visible)
    leave()
    abort.abort()
    if (timer) clearTimeout(timer)
  })

  return {
    open,
    openTotal,
    selected,
    selectedId,
    held,
    loaded,
    stale,
    error,
    load,
    select,
    move,
    decide,
    undo,
    claim,
    claimedByOther,
  }
}

export type CaseQueue = ReturnType<typeof useCaseQueue>
