import { computed, onScopeDispose, ref, shallowRef } from 'vue'
import type { LinkFailure, LinkState } from '@/live/media-link'
import { gradeUplink, UplinkMeter, type UplinkQuality } from '@/live/stats'
import type { TokenSource } from '@/live/tokens'
import { WhipPublisher } from '@/live/whip'
import type { Devices } from './useDevices'

/** The host's own stream: published, held up, measured. */
export function useBroadcast(tokens: TokenSource, devices: Devices) {
  const linkState = ref<LinkState>('idle')
  const failure = ref<LinkFailure | null>(null)
  const quality = shallowRef<UplinkQuality | null>(null)
  const grade = computed(() => (quality.value ? gradeUplink(quality.value) : null))
  const publishing = computed(() => linkState.value !== 'idle' && linkState.value !== 'stopped')
  let publisher: WhipPublisher | null = null
  let meter = new UplinkMeter()

  function start(): void {
    const stream = devices.stream.value
    if (!stream || publishing.value) return
    publisher = new WhipPublisher({
      stream,
      credentials: () => tokens.endpoint('whip'),
      onState: (next, why) => {
        linkState.value = next
        failure.value = why
        if (next !== 'connected') {
          quality.value = null
          meter = new UplinkMeter()
        }
        if (why === 'credentials') void tokens.renew().catch(() => {})
      },
      onStats: (report) => {
        const entries = report.values() as Iterable<Record<string, unknown>>
        quality.value = meter.measure(entries) ?? quality.value
      },
    })
    publisher.start()
  }

  function stop(): void {
    publisher?.stop()
    publisher = null
  }

  /** Another camera, microphone or orientation, without leaving the air. */
  async function devicesChanged(): Promise<void> {
    for (const track of devices.stream.value?.getTracks() ?? []) {
      await publisher?.replaceTrack(track)
    }
  }

  const warnBeforeLeaving = (event: BeforeUnloadEvent) => {
    if (publishing.value) event.preventDefault()
  }
  window.addEventListener('beforeunload', warnBeforeLeaving)
  onScopeDispose(() => {
    window.removeEventListener('beforeunload', warnBeforeLeaving)
    stop()
  })

  return { linkState, failure, quality, grade, publishing, start, stop, devicesChanged }
}

export type Broadcast = ReturnType<typeof useBroadcast>
