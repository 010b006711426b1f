const FIRST_WAIT_MS = 30_000
const LONGEST_WAIT_MS = 8 * 60_000

/**
 * When to come close to the live edge again.
 *
 * After a stall hls.js keeps a greater distance for the rest of the show. This asks for the first distance
 * again after half a minute without stalls, and each time that this was too early after twice as long.
 */
export class CatchUp {
  private waitMs = FIRST_WAIT_MS
  private stalledAtMs: number | null = null
  private triedAtMs: number | null = null

  stalled(nowMs: number): void {
    if (this.triedAtMs !== null && nowMs - this.triedAtMs < this.waitMs) {
      this.waitMs = Math.min(2 * this.waitMs, LONGEST_WAIT_MS)
    }
    this.triedAtMs = null
    this.stalledAtMs = nowMs
  }

  /** True once for each time that it has been calm for long enough. */
  isDue(nowMs: number): boolean {
    if (this.stalledAtMs === null || nowMs - this.stalledAtMs < this.waitMs) return false
    this.stalledAtMs = null
    this.triedAtMs = nowMs
    return true
  }
}
