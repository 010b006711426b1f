/** "receivable:alipay" → "Owed by Alipay": the account's words, and the service's where it has one. */
export function accountName(
  account: string,
  t: (key: string) => string,
  te: (key: string) => boolean,
): string {
  const [head = '', rest] = account.split(':')
  const whole = `merchant.books.account.${account.replace(':', '_')}`
  if (te(whole)) return t(whole)
  const key = `merchant.books.account.${head}`
  if (!te(key)) return account
  const service = `merchant.books.provider.${rest}`
  return rest ? `${t(key)} · ${te(service) ? t(service) : rest}` : t(key)
}

/** Whether an account's balance is money that comes to us, a cost, or money that we owe or have earned. */
export function sideOf(account: string): 'owed_to_us' | 'cost' | 'we_owe' | 'earned' {
  if (account.startsWith('receivable:')) return 'owed_to_us'
  if (account.startsWith('fees:') || account === 'coupon_costs') return 'cost'
  return account.startsWith('revenue:') ? 'earned' : 'we_owe'
}

/** The day in China, as 2026-11-23; `shift` days later. */
export function chinaDay(moment: Date, shift = 0): string {
  const shifted = new Date(moment.getTime() + shift * 86_400_000)
  return new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' }).format(shifted)
}

const HARMLESS = new Set(['accepted', 'repeated', 'ignored'])

/** Whether a notification proved nothing and so changed nothing. */
export const refused = (verdict: string): boolean => !HARMLESS.has(verdict)
