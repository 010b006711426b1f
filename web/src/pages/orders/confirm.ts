import { showConfirmDialog } from 'vant'
import 'vant/es/dialog/style'
import { i18n } from '@/i18n'

/** Asks before what cannot be taken back; false when the answer is no. */
export async function confirmed(title: string, message: string, yes: string): Promise<boolean> {
  const { t } = i18n.global
  try {
    await showConfirmDialog({
      title,
      message,
      confirmButtonText: yes,
      cancelButtonText: t('common.back'),
    })
    return true
  } catch {
    return false
  }
}
