import { shallowRef } from 'vue'
import type { Id } from '@/api/types'

/** What a viewer points at: a message, a product, or the room. */
export interface ReportSubject {
  type: 'message' | 'product' | 'room'
  id: Id
  /** Its own words, shown in the dialog. */
  text: string
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
