import type { Decision, ModerationCase } from '@/api/moderation'

/** One decision, on one case or on several alike. */
export interface HeldDecision {
  key: number
  cases: ModerationCase[]
  decision: Decision
  reason: string
}

export interface DecisionOptions {
  delayMs: number
  send: (held: HeldDecision) => Promise<void>
  /** Called after every change of what is held. */
  onChange: (held: readonly HeldDecision[]) => void
}

/** Keeps each decision back for a moment, in which it can be taken back. */
export class DecisionBuffer {
  private readonly options: DecisionOptions
  private readonly timers = new Map<number, ReturnType<typeof setTimeout>>()
  private held: HeldDecision[] = []
  private nextKey = 1

  constructor(options: DecisionOptions) {
    this.options = options
  }

  /** The caller decides a case once: what is held is no longer offered for decision. */
  hold(cases: ModerationCase[], decision: Decision, reason: string): void {
    const item = { key: this.nextKey++, cases, decision, reason }
    this.held = [...this.held, item]
    this.timers.set(
      item.key,
      setTimeout(() => this.release(item), this.options.delayMs),
    )
    this.options.onChange(this.held)
  }

  /** The latest decision that was not sent, or the one named, taken back; null where there is none. */
  undo(key: number | undefined = this.held.at(-1)?.key): HeldDecision | null {
    const item = this.held.find((known) => known.key === key) ?? null
    if (!item) return null
    this.drop(item.key)
    this.options.onChange(this.held)
    return item
  }

  /** Sends everything at once: the page goes away. */
  flush(): void {
    for (const item of this.held) this.release(item)
  }

  private release(item: HeldDecision): void {
    this.drop(item.key)
    // Sent before it is no longer held: a case must not come back in between.
    void this.options.send(item)
    this.options.onChange(this.held)
  }

  private drop(key: number): void {
    clearTimeout(this.timers.get(key))
    this.timers.delete(key)
    this.held = this.held.filter((known) => known.key !== key)
  }
}
