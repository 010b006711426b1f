import { currentLocale } from '@/i18n'

const STEPS: [limitS: number, unitS: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [60, 1, 'second'],
  [3_600, 60, 'minute'],
  [86_400, 3_600, 'hour'],
  [Number.POSITIVE_INFINITY, 86_400, 'day'],
]

/** "3 min. ago", "3分钟前"; a time that lies ahead counts as now. */
export function formatAge(iso: string, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(iso)) / 1000))
  const [, unitS, unit] = STEPS.find(([limitS]) => seconds < limitS) ?? [0, 86_400, 'day' as const]
  const format = new Intl.RelativeTimeFormat(currentLocale(), { numeric: 'auto', style: 'short' })
  return format.format(-Math.floor(seconds / unitS), unit)
}
