import type { Finding } from '@/api/moderation'

/** Detectors look at pictures of at most so many pixels a side. */
const LOOKED_AT_PX = 960
const BOX = /\((\d+),(\d+) (\d+)x(\d+)\)/

/** Where in a picture of this natural size something was seen, as CSS in percent. */
export function marksOf(
  findings: Finding[],
  { width, height }: { width: number; height: number },
): Record<'left' | 'top' | 'width' | 'height', string>[] {
  const scale = Math.min(1, LOOKED_AT_PX / Math.max(width, height))
  const percent = (pixels: number, side: number) => `${(pixels / (side * scale)) * 100}%`
  return findings.flatMap((finding) => {
    const box = BOX.exec(finding.evidence)
    if (!box) return []
    const [x = 0, y = 0, w = 0, h = 0] = box.slice(1).map(Number)
    return [
      {
        left: percent(x, width),
        top: percent(y, height),
        width: percent(w, width),
        height: percent(h, height),
      },
    ]
  })
}
