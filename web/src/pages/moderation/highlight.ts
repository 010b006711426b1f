import type { Finding } from '@/api/moderation'

export interface Segment {
  text: string
  /** Categories of the findings that cover it, without repeats; empty for plain text. */
  categories: string[]
}

/**
 * Cuts a text where findings begin and end. Offsets count code points, as the detectors do:
 * an emoji is one, though two units of a JavaScript string.
 */
export function segments(
  text: string,
  findings: readonly Pick<Finding, 'category' | 'start' | 'end'>[],
): Segment[] {
  const points = [...text]
  const spans = findings.flatMap(({ category, start, end }) => {
    const from = Math.max(0, start)
    const to = Math.min(points.length, end)
    return from < to ? [{ category, from, to }] : []
  })
  const cuts = [...new Set([0, points.length, ...spans.flatMap(({ from, to }) => [from, to])])]
  cuts.sort((a, b) => a - b)
  const result: Segment[] = []
  for (let i = 0; i + 1 < cuts.length; i++) {
    const from = cuts[i] as number
    const to = cuts[i + 1] as number
    const covering = spans.filter((span) => span.from <= from && span.to >= to)
    result.push({
      text: points.slice(from, to).join(''),
      categories: [...new Set(covering.map((span) => span.category))],
    })
  }
  return result
}

/** The start of a long text, moved so that the first finding is in it. */
export function excerpt(
  text: string,
  findings: readonly Pick<Finding, 'category' | 'start' | 'end'>[],
  length: number,
): Segment[] {
  const points = [...text]
  if (points.length <= length) return segments(text, findings)
  const first = Math.min(...findings.map(({ start }) => start), points.length)
  const offset = Math.max(0, Math.min(first - Math.floor(length / 4), points.length - length))
  const shifted = findings.map((finding) => ({
    category: finding.category,
    start: finding.start - offset,
    end: finding.end - offset,
  }))
  const cut = segments(points.slice(offset, offset + length).join(''), shifted)
  const ellipsis: Segment = { text: '…', categories: [] }
  return [
    ...(offset > 0 ? [ellipsis] : []),
    ...cut,
    ...(offset + length < points.length ? [ellipsis] : []),
  ]
}
