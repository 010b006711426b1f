import { useI18n } from 'vue-i18n'

/** Words for codes that detectors and policies use; an unknown code shows as itself. */
export function useLabels() {
  const { t, te } = useI18n()
  /** "ad_law.absolute": the category is shown beside it anyway. */
  const kind = (detector: string) => detector.split('.').at(-1) ?? detector
  const label = (group: string) => (code: string) => {
    const key = `moderation.${group}.${code.replaceAll('.', '_').replaceAll(':', '_')}`
    return te(key) ? t(key) : code
  }
  return {
    category: label('category'),
    surface: label('surface'),
    detector: (detector: string) => label('detector')(kind(detector)),
  }
}

export type Level = 'high' | 'medium' | 'low'

/** Urgency runs from 0 to 100. */
export function level(urgency: number): Level {
  if (urgency >= 75) return 'high'
  return urgency >= 45 ? 'medium' : 'low'
}
