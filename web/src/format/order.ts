import type { OrderLine } from '@/api/types'
import { currentLocale } from '@/i18n'

/** What was ordered, in the reader's language, as far as the order has it. */
export function lineName(line: Pick<OrderLine, 'product_name' | 'product_name_en'>): string {
  return currentLocale() === 'en' ? line.product_name_en || line.product_name : line.product_name
}
