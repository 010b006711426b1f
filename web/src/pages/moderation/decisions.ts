import type { Decision, ModerationCase } from '@/api/moderation'

export interface HeldDecision {
  case: ModerationCase
  decision: Decision
  reason: string
  /** Epoch milliseconds at which it is sent. */
  dueMs: number
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
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>()
  private held: HeldDecision[] = []

  constructor(options: DecisionOptions) {
    this.options = options
  }

  /** A case is decided once: a second decision replaces one that was not sent. */
  hold(target: ModerationCase, decision: Decision, reason: string): void {
    this.drop(target.id)
    const item = {
      case: target,
      decision,
      reason,
      dueMs: Date.now() + this.options.delayMs,
    }
    this.held = [...this.held, item]
    this.timers.set(
      target.id,
      setTimeout(() => this.release(item), this.options.delayMs),
    )
    this.options.onChange(this.held)
  }

  /** The latest decision that was not sent, taken back; null where there is none. */
  undo(id: string | undefined = this.held.at(-1)?.case.id): HeldDecision | null {
    const item = this.held.find((known) => known.case.id === id) ?? null
    if (!item) return null
    this.drop(item.case.id)
    this.options.onChange(this.held)
    return item
  }

  /** Sends everything at once: the page goes away. */
  flush(): void {
    for (const item of this.held) this.release(item)
  }

  private release(item: HeldDecision): void {
    this.drop(item.case.id)
    this.options.onChange(this.held)
    void this.options.send(item)
  }

  private drop(id: string): void {
    clearTimeout(this.timers.get(id))
    this.timers.delete(id)
    this.held = this.held.filter((known) => known.case.id !== id)
  }
}
