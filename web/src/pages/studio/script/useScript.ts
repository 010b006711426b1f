import { computed, onMounted, ref, shallowRef } from 'vue'
import { scripts } from '@/api/insights'
import type { Id, Script, ScriptStepInput } from '@/api/types'

/** A room's script: what comes next, what was begun last. `attempt` shows what went wrong. */
export function useScript(
  roomId: Id,
  attempt: (action: () => Promise<unknown>) => Promise<boolean>,
) {
  const script = shallowRef<Script>({ steps: [], moments: [], current_id: null })
  const busy = ref(false)

  const index = computed(() =>
    script.value.steps.findIndex((step) => step.id === script.value.current_id),
  )
  const current = computed(() => script.value.steps[index.value] ?? null)
  const next = computed(() => script.value.steps[index.value + 1] ?? null)
  const previous = computed(() => script.value.steps[index.value - 1] ?? null)

  async function load(): Promise<void> {
    script.value = await scripts.get(roomId).catch(() => script.value)
  }
  onMounted(load)

  async function begin(stepId: Id | undefined): Promise<void> {
    if (!stepId || busy.value) return
    busy.value = true
    const done = await attempt(async () => {
      script.value = await scripts.begin(roomId, stepId)
    })
    // A step has begun although what it gives was refused.
    if (!done) await load()
    busy.value = false
  }

  const write = (steps: ScriptStepInput[]) =>
    attempt(async () => {
      script.value = await scripts.write(roomId, steps)
    })

  return {
    script,
    index,
    current,
    next,
    previous,
    busy,
    load,
    write,
    begin,
    goOn: () => begin(next.value?.id),
    goBack: () => begin(previous.value?.id),
  }
}

export type ScriptHandle = ReturnType<typeof useScript>
