import type { ReplayTimeline } from '@/api/replay'
import type { Mark, ScriptMoment } from '@/api/types'

export interface Happening {
  id: string
  kind: Mark['kind']
  label: string
  note: string
  /** Seconds of the recording; the host's stream may have been away in between. */
  positionS: number
}

/** Where a moment lies in the recording: counted from the last product whose place is known. */
export function positionOf(timeline: ReplayTimeline, at: string): number {
  const moment = Date.parse(at)
  let [anchorMs, anchorS] = [Date.parse(timeline.began_at), 0]
  for (const product of timeline.products) {
    const beganMs = Date.parse(product.began_at)
    if (beganMs <= moment && beganMs >= anchorMs) {
      ;[anchorMs, anchorS] = [beganMs, product.position_s]
    }
  }
  const position = anchorS + (moment - anchorMs) / 1000
  return Math.min(Math.max(position, 0), timeline.duration_s)
}

/** What really happened, in the order of the recording: the steps with their notes, pins, draws, warnings. */
export function happenings(
  timeline: ReplayTimeline,
  marks: readonly Mark[],
  moments: readonly ScriptMoment[],
  name: (named: { name: string; name_en: string }) => string,
): Happening[] {
  const others = marks
    .filter((mark) => mark.kind !== 'step')
    .map((mark, index) => ({
      id: `${mark.kind}-${index}`,
      kind: mark.kind,
      label: name({ name: mark.label, name_en: mark.label_en }),
      note: '',
      positionS: positionOf(timeline, mark.at),
    }))
  const steps = moments.map((moment) => ({
    id: moment.id,
    kind: 'step' as const,
    label: moment.title,
    note: moment.note,
    positionS: positionOf(timeline, moment.began_at),
  }))
  return [...steps, ...others].sort((a, b) => a.positionS - b.positionS)
}

/** The last that has happened at a position; -1 before the first. */
export function lastAt(list: readonly Happening[], positionS: number): number {
  return list.findLastIndex((item) => item.positionS <= positionS + 0.05)
}
