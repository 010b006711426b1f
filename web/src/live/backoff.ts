export interface BackoffOptions {
  baseMs?: number
  maxMs?: number
  random?: () => number
}

/**
 * Exponential backoff with full jitter: the n-th delay is uniform in [base/2, base·2ⁿ],
 * capped, so that clients of a restarted server come back spread over time.
 */
export class Backoff {
  private attempt = 0
  private readonly baseMs: number
  private readonly maxMs: number
  private readonly random: () => number

  constructor({ baseMs = 500, maxMs = 8_000, random = Math.random }: BackoffOptions = {}) {
    this.baseMs = baseMs
    this.maxMs = maxMs
    this.random = random
  }

  get attempts(): number {
    return this.attempt
  }

  nextDelayMs(): number {
    const ceiling = Math.min(this.maxMs, this.baseMs * 2 ** this.attempt)
    this.attempt += 1
    const floor = this.baseMs / 2
    return Math.round(floor + this.random() * (ceiling - floor))
  }

  reset(): void {
    this.attempt = 0
  }
}
