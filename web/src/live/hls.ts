import type Hls from 'hls.js'
import { CatchUp } from './catch-up'
import type { LinkFailure } from './media-link'

/** Where the media role keeps a room's playlists, from its WHEP address. */
export function hlsUrls(
  whepUrl: string,
  roomId: string,
): { live: string; replay: string; timeline: string } {
  const base = whepUrl.slice(0, whepUrl.lastIndexOf('/whep/'))
  return {
    live: `${base}/hls/${roomId}/index.m3u8`,
    replay: `${base}/vod/${roomId}/index.m3u8`,
    timeline: `${base}/vod/${roomId}/timeline`,
  }
}

const CANNOT_REACH: readonly LinkFailure[] = ['network', 'refused', 'lost', 'stalled', 'full']

/** WebRTC is given up for HLS when it failed twice in a row for reasons that HLS does not share. */
export function shouldFallBack(failures: readonly LinkFailure[]): boolean {
  const last = failures.slice(-2)
  return last.length === 2 && last.every((failure) => CANNOT_REACH.includes(failure))
}

/** Less is caught up by playing 5% faster. */
const TOO_FAR_BEHIND_S = 5

export interface HlsOptions {
  live: boolean
  onFailure: () => void
}

/** Plays a playlist in a video element: hls.js, brought only when it is needed, or the browser itself. */
export class HlsPlayer {
  private hls: Hls | null = null
  private readonly video: HTMLVideoElement
  private readonly options: HlsOptions
  private readonly catchUp = new CatchUp()
  /** The distance from the live edge that the playlist asks for. */
  private closestS = Number.POSITIVE_INFINITY
  private stopped = false

  constructor(video: HTMLVideoElement, options: HlsOptions) {
    this.video = video
    this.options = options
  }

  async start(url: string): Promise<void> {
    const { default: HlsJs } = await import('hls.js/light')
    if (this.stopped) return
    if (!HlsJs.isSupported()) {
      this.video.src = url
      return
    }
    const hls = new HlsJs({
      lowLatencyMode: this.options.live,
      // Play faster rather than fall behind; 5% is not heard.
      maxLiveSyncPlaybackRate: this.options.live ? 1.05 : 1,
      backBufferLength: 30,
    })
    this.hls = hls
    if (this.options.live) hls.on(HlsJs.Events.LEVEL_UPDATED, () => this.stayLive())
    hls.on(HlsJs.Events.ERROR, (_event, data) => {
      if (data.details === HlsJs.ErrorDetails.BUFFER_STALLED_ERROR) {
        this.catchUp.stalled(performance.now())
      }
      if (!data.fatal) return
      if (data.type === HlsJs.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError()
      else this.options.onFailure()
    })
    hls.loadSource(url)
    hls.attachMedia(this.video)
  }

  /** After a long stall playing faster would take minutes: go on at the live edge. */
  private stayLive(): void {
    const { hls, video } = this
    if (!hls || video.paused) return
    this.closestS = Math.min(this.closestS, hls.targetLatency ?? Number.POSITIVE_INFINITY)
    if (this.catchUp.isDue(performance.now())) hls.targetLatency = this.closestS
    if (hls.latency < (hls.targetLatency ?? 0) + TOO_FAR_BEHIND_S) return
    if (hls.liveSyncPosition !== null) video.currentTime = hls.liveSyncPosition
  }

  /** Seconds behind what the host does now; null when that is not known. */
  get latencyS(): number | null {
    const latency = this.hls?.latency
    return latency && Number.isFinite(latency) && latency > 0 ? latency : null
  }

  stop(): void {
    this.stopped = true
    this.hls?.destroy()
    this.hls = null
    this.video.removeAttribute('src')
    this.video.load()
  }
}
