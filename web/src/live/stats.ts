/** What the host's page says about the uplink, from two successive WebRTC statistics reports. */
export interface UplinkQuality {
  bitrateBps: number
  rttMs: number | null
  /** Share of packets lost on the way to the server, 0 to 1; null while unknown. */
  loss: number | null
  framesPerSecond: number | null
  width: number | null
  height: number | null
  /** What the encoder is held back by: none, cpu, bandwidth, other. */
  limitedBy: string | null
}

export type UplinkGrade = 'good' | 'fair' | 'poor'

type Entry = Record<string, unknown>

interface Sample {
  atMs: number
  bytes: number
}

const num = (value: unknown): number | null => (typeof value === 'number' ? value : null)

export class UplinkMeter {
  private last: Sample | null = null

  /** null on the first report: a rate needs two. */
  measure(report: Iterable<Entry>): UplinkQuality | null {
    let bytes = 0
    let atMs = 0
    let video: Entry | null = null
    let rttMs: number | null = null
    let loss: number | null = null
    for (const entry of report) {
      if (entry.type === 'outbound-rtp') {
        bytes += num(entry.bytesSent) ?? 0
        atMs = num(entry.timestamp) ?? atMs
        if (entry.kind === 'video') video = entry
      } else if (entry.type === 'remote-inbound-rtp') {
        const rtt = num(entry.roundTripTime)
        if (rtt !== null) rttMs = Math.max(rttMs ?? 0, Math.round(rtt * 1000))
        if (entry.kind === 'video') loss = num(entry.fractionLost)
      } else if (entry.type === 'candidate-pair' && entry.nominated && rttMs === null) {
        const rtt = num(entry.currentRoundTripTime)
        if (rtt !== null) rttMs = Math.round(rtt * 1000)
      }
    }
    const previous = this.last
    this.last = { atMs, bytes }
    if (!previous || atMs <= previous.atMs || bytes < previous.bytes) return null
    return {
      bitrateBps: Math.round(((bytes - previous.bytes) * 8000) / (atMs - previous.atMs)),
      rttMs,
      loss,
      framesPerSecond: num(video?.framesPerSecond),
      width: num(video?.frameWidth),
      height: num(video?.frameHeight),
      limitedBy: (video?.qualityLimitationReason as string | undefined) ?? null,
    }
  }
}

const GOOD_BITRATE_BPS = 600_000
const POOR_BITRATE_BPS = 250_000

export type UplinkAdvice = 'cpu' | 'loss' | 'delay' | 'bandwidth'

/** What a host should do something about first; null while all is well. */
export function adviseUplink(quality: UplinkQuality): UplinkAdvice | null {
  if (gradeUplink(quality) === 'good') return null
  if (quality.limitedBy === 'cpu' && (quality.framesPerSecond ?? 30) < 15) return 'cpu'
  if ((quality.loss ?? 0) > 0.015) return 'loss'
  return (quality.rttMs ?? 0) > 180 ? 'delay' : 'bandwidth'
}

/** A low bitrate alone is no fault: a still picture needs little. */
export function gradeUplink(quality: UplinkQuality): UplinkGrade {
  const { rttMs, loss, bitrateBps, limitedBy } = quality
  const squeezed = limitedBy === 'bandwidth'
  const slow = limitedBy === 'cpu' && (quality.framesPerSecond ?? 30) < 15
  if ((loss ?? 0) > 0.05 || (rttMs ?? 0) > 400) return 'poor'
  if (slow || (squeezed && bitrateBps < POOR_BITRATE_BPS)) return 'poor'
  if ((loss ?? 0) > 0.015 || (rttMs ?? 0) > 180) return 'fair'
  return squeezed && bitrateBps < GOOD_BITRATE_BPS ? 'fair' : 'good'
}
