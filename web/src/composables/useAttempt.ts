import { ref } from 'vue'
import { errorMessage } from '@/i18n/errors'

/** One action at a time, with its failure as a sentence. */
export function useAttempt() {
  const busy = ref(false)
  const failure = ref('')

  async function attempt(action: () => Promise<unknown>): Promise<void> {
    if (busy.value) return
    busy.value = true
    failure.value = ''
    try {
      await action()
    } catch (cause) {
      failure.value = errorMessage(cause)
    } finally {
      busy.value = false
    }
  }

  return { busy, failure, attempt }
}
