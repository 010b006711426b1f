import { MediaLink, type MediaLinkOptions, preferH264 } from './media-link'
import { sumBytes } from './whep'

export interface WhipOptions extends MediaLinkOptions {
  stream: MediaStream
  maxVideoBitrateBps?: number
}

const DEFAULT_MAX_VIDEO_BPS = 2_500_000

/** Publishes camera and microphone to a room over WHIP. */
export class WhipPublisher extends MediaLink {
  private readonly options: WhipOptions
  protected override readonly conflict = 'busy' as const

  constructor(options: WhipOptions) {
    super(options)
    this.options = options
  }

  /** Swaps camera or microphone without interrupting the stream. */
  async replaceTrack(track: MediaStreamTrack): Promise<void> {
    const old = this.options.stream.getTracks().find((known) => known.kind === track.kind)
    if (old) this.options.stream.removeTrack(old)
    this.options.stream.addTrack(track)
    const sender = this.peer?.getSenders().find((known) => known.track?.kind === track.kind)
    await sender?.replaceTrack(track)
  }

  protected prepare(peer: RTCPeerConnection): void {
    const { stream } = this.options
    for (const track of stream.getTracks()) {
      const video = track.kind === 'video'
      const transceiver = peer.addTransceiver(track, {
        direction: 'sendonly',
        streams: [stream],
        sendEncodings: video
          ? [{ maxBitrate: this.options.maxVideoBitrateBps ?? DEFAULT_MAX_VIDEO_BPS }]
          : undefined,
      })
      if (!video) continue
      const codecs = RTCRtpSender.getCapabilities?.('video')?.codecs
      if (codecs && transceiver.setCodecPreferences) {
        transceiver.setCodecPreferences(preferH264(codecs))
      }
    }
  }

  protected bytesFlowed(report: RTCStatsReport): number | null {
    return sumBytes(report, 'outbound-rtp', 'bytesSent')
  }
}
