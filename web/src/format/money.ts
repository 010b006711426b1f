/** Money is an integer in minor units; nothing here makes it a float. */
const SYMBOLS: Record<string, string> = { CNY: '¥', USD: '$', EUR: '€', GBP: '£', HKD: 'HK$' }
const NO_MINOR = new Set(['JPY', 'KRW'])

export interface MoneyParts {
  sign: '' | '-'
  symbol: string
  whole: string
  /** Without the point; empty when the currency has none or the amount is round. */
  fraction: string
}

export function moneyParts(amountMinor: number, currency: string): MoneyParts {
  if (!Number.isSafeInteger(amountMinor)) throw new RangeError('money is a safe integer')
  const digits = NO_MINOR.has(currency) ? 0 : 2
  const text = String(Math.abs(amountMinor)).padStart(digits + 1, '0')
  const whole = text.slice(0, text.length - digits).replace(/\B(?=(\d{3})+$)/g, ',')
  const fraction = digits ? text.slice(-digits) : ''
  return {
    sign: amountMinor < 0 ? '-' : '',
    symbol: SYMBOLS[currency] ?? `${currency} `,
    whole,
    fraction: /^0*$/.test(fraction) ? '' : fraction,
  }
}

/** "¥1,299" or "¥12.50": the fraction only where there is one. */
export function formatMoney(amountMinor: number, currency: string): string {
  const { sign, symbol, whole, fraction } = moneyParts(amountMinor, currency)
  return `${sign}${symbol}${whole}${fraction ? `.${fraction}` : ''}`
}

/** What was typed ("1,299.5", "¥12") as minor units; null where it is not an amount. */
export function parseMoney(text: string, currency: string): number | null {
  const symbol = SYMBOLS[currency] ?? currency
  const bare = text
    .normalize('NFKC')
    .trim()
    .replace(symbol.normalize('NFKC'), '')
    .replace(/[,\s]/g, '')
  const match = /^(\d{1,12})(?:\.(\d{0,2}))?$/.exec(bare)
  if (!match) return null
  const fraction = match[2] ?? ''
  if (NO_MINOR.has(currency)) return /^0*$/.test(fraction) ? Number(match[1]) : null
  return Number(`${match[1]}${fraction.padEnd(2, '0')}`)
}

/** The amount as one would type it: "1299", "12.50". */
export function moneyInput(amountMinor: number, currency: string): string {
  const { sign, whole, fraction } = moneyParts(amountMinor, currency)
  return `${sign}${whole.replaceAll(',', '')}${fraction ? `.${fraction}` : ''}`
}
