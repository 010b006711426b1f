import { computed, onScopeDispose, ref, shallowRef } from 'vue'
import { ApiError } from '@/api/client'
import { type Decision, type ModerationCase, moderation } from '@/api/moderation'
import { takeOpenCases } from '@/api/prefetch'
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
  /** Marked for one decision together. */
  const marked = ref<ReadonlySet<Id>>(new Set())
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
    const waiting = new Set(held.value.flatMap((item) => item.cases.map((one) => one.id)))
    return cases.value.filter((item) => !waiting.has(item.id) && !gone.has(item.id))
  })
  const selected = computed(() => open.value.find((item) => item.id === selectedId.value) ?? null)
  const openTotal = computed(() => {
    const hidden = cases.value.length - open.value.length
    return Math.max(open.value.length, total.value - hidden)
  })
  const markedCases = computed(() => open.value.filter((item) => marked.value.has(item.id)))

  async function load(): Promise<void> {
    if (timer) clearTimeout(timer)
    try {
      const page = await (takeOpenCases() ?? moderation.cases('open', { signal: abort.signal }))
      cases.value = [...page.items].sort(byUrgency)
      total.value = page.total
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
  function decide(targets: ModerationCase[], decision: Decision, reason: string): void {
    const ids = new Set(targets.map((item) => item.id))
    const list = open.value
    const index = list.findIndex((item) => item.id === selectedId.value)
    if (selectedId.value && ids.has(selectedId.value)) {
      const rest = (items: ModerationCase[]) => items.find((item) => !ids.has(item.id))
      const next = rest(list.slice(index + 1)) ?? rest(list.slice(0, index).reverse())
      selectedId.value = next?.id ?? null
    }
    marked.value = new Set([...marked.value].filter((id) => !ids.has(id)))
    buffer.hold(targets, decision, reason)
  }

  function undo(key?: number): void {
    const item = buffer.undo(key)
    if (item) selectedId.value = item.cases[0]?.id ?? null
  }

  async function send({ cases: targets, decision, reason }: HeldDecision): Promise<void> {
    const ids = targets.map((item) => item.id)
    for (const id of ids) gone.add(id)
    try {
      const [only] = ids
      if (ids.length === 1 && only) await moderation.decide(only, decision, reason, leaving)
      else {
        const { refused } = await moderation.decideMany(ids, decision, reason, leaving)
        for (const { id, code } of refused) if (code !== 'case_decided') gone.delete(id)
        const [first] = refused
        if (first) toast(errorMessage(new ApiError({ status: 409, code: first.code })), 'error')
      }
    } catch (cause) {
      // Somebody else was first: it stays gone. Anything else: it comes back.
      const decided = cause instanceof ApiError && cause.code === 'case_decided'
      if (!decided) for (const id of ids) gone.delete(id)
      toast(errorMessage(cause), 'error')
    }
    if (!leaving) await load()
  }

  function mark(id: Id): void {
    const next = new Set(marked.value)
    if (!next.delete(id)) next.add(id)
    marked.value = next
  }
  function markAll(items: readonly ModerationCase[]): void {
    marked.value = new Set(items.map((item) => item.id))
  }

  /** Takes a case, or gives one's own back. */
  async function claim(target: ModerationCase): Promise<void> {
    try {
      const answer = target.claimed_by
        ? await moderation.unclaim(target.id)
        : await moderation.claim(target.id)
      cases.value = cases.value.map((item) => (item.id === target.id ? answer : item))
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
    marked,
    markedCases,
    held,
    loaded,
    stale,
    error,
    load,
    select,
    move,
    decide,
    undo,
    mark,
    markAll,
    claim,
    claimedByOther,
  }
}

export type CaseQueue = ReturnType<typeof useCaseQueue>
