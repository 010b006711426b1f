import { MediaLink, type MediaLinkOptions, preferH264 } from './media-link'

export interface WhepOptions extends MediaLinkOptions {
  onStream: (stream: MediaStream) => void
}

/** Plays a room's stream over WHEP. */
export class WhepPlayer extends MediaLink {
  private readonly options: WhepOptions

  constructor(options: WhepOptions) {
    super(options)
    this.options = options
  }

  protected prepare(peer: RTCPeerConnection): void {
    const stream = new MediaStream()
    let announced = false
    peer.ontrack = ({ track, receiver }) => {
      // A live shop wants the newest frame, not a smooth old one.
      if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0
      stream.addTrack(track)
      if (announced) return
      announced = true
      this.options.onStream(stream)
    }
    const video = peer.addTransceiver('video', { direction: 'recvonly' })
    const codecs = RTCRtpReceiver.getCapabilities?.('video')?.codecs
    if (codecs && video.setCodecPreferences) video.setCodecPreferences(preferH264(codecs))
    peer.addTransceiver('audio', { direction: 'recvonly' })
  }

  protected bytesFlowed(report: RTCStatsReport): number | null {
    return sumBytes(report, 'inbound-rtp', 'bytesReceived')
  }
}

export function sumBytes(
  report: RTCStatsReport,
  type: 'inbound-rtp' | 'outbound-rtp',
  field: 'bytesReceived' | 'bytesSent',
): number | null {
  let total: number | null = null
  for (const entry of report.values() as Iterable<Record<string, unknown>>) {
    if (entry.type === type && typeof entry[field] === 'number') {
      total = (total ?? 0) + (entry[field] as number)
    }
  }
  return total
}
