import { createI18n, type LocaleMessages, type VueMessageType } from 'vue-i18n'

export const LOCALES = ['zh-CN', 'en'] as const
export type Locale = (typeof LOCALES)[number]

const STORAGE_KEY = 'shopcast.locale'

/** One JSON file per language and area, each its own chunk: a page brings only what it says. */
const files = import.meta.glob<{ default: LocaleMessages<VueMessageType>[string] }>(
  './locales/*/*.json',
)

export function pickLocale(stored: string | null, preferred: readonly string[]): Locale {
  if (stored && (LOCALES as readonly string[]).includes(stored)) return stored as Locale
  for (const tag of preferred) {
    if (tag.toLowerCase().startsWith('zh')) return 'zh-CN'
    if (tag.toLowerCase().startsWith('en')) return 'en'
  }
  return 'en'
}

const initial = pickLocale(localStorage.getItem(STORAGE_KEY), navigator.languages)

export const i18n = createI18n({
  legacy: false,
  locale: initial as string,
  fallbackLocale: initial as string,
  messages: {},
  missingWarn: false,
  fallbackWarn: false,
})

const loaded = new Set<string>()
const areas = new Set<string>(['common'])

async function loadArea(locale: Locale, area: string): Promise<void> {
  const path = `./locales/${locale}/${area}.json`
  if (loaded.has(path)) return
  const load = files[path]
  if (!load) throw new Error(`no messages at ${path}`)
  const module = await load()
  i18n.global.mergeLocaleMessage(locale, { [area]: module.default })
  loaded.add(path)
}

/** Loads areas ("room", "studio", …) in the current language; keys are `area.key`. */
export async function loadMessages(...names: string[]): Promise<void> {
  for (const name of names) areas.add(name)
  await Promise.all([...areas].map((area) => loadArea(currentLocale(), area)))
}

export function currentLocale(): Locale {
  return i18n.global.locale.value as Locale
}

export async function setLocale(locale: Locale): Promise<void> {
  await Promise.all([...areas].map((area) => loadArea(locale, area)))
  i18n.global.locale.value = locale
  localStorage.setItem(STORAGE_KEY, locale)
  document.documentElement.lang = locale
}

document.documentElement.lang = initial
