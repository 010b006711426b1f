import { ApiError } from '@/api/client'
import { i18n } from '.'

/** The localized sentence for an error: by its stable code, then by its status. */
export function errorMessage(error: unknown): string {
  const { t, te } = i18n.global
  if (!(error instanceof ApiError)) return t('common.errors.unexpected')
  const byCode = `common.errors.${error.code}`
  if (te(byCode)) return t(byCode)
  if (error.status === 422) return t('common.errors.invalid')
  if (error.status >= 500) return t('common.errors.server_error')
  return t('common.errors.unexpected')
}
