import { shallowRef } from 'vue'
import type { Id } from '@/api/types'

/** What a viewer points at: a message, a product, the room, or what somebody calls themselves. */
export interface ReportSubject {
  type: 'message' | 'product' | 'room' | 'user'
  id: Id
  /** Its own words, shown in the dialog. */
  text: string
  /** Who wrote a message: their name can be meant instead. */
  author?: { id: Id; name: string }
}

const subject = shallowRef<ReportSubject | null>(null)

/** The one dialog of the page asks why. */
export function useReport() {
  return {
    subject,
    report: (what: ReportSubject) => {
      subject.value = what
    },
    done: () => {
      subject.value = null
    },
  }
}
