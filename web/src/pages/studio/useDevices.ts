import { onScopeDispose, ref, shallowRef } from 'vue'

export type Orientation = 'portrait' | 'landscape'
export type DeviceProblem = 'denied' | 'missing' | 'in_use' | 'insecure' | 'failed'

const SIZES = {
  portrait: { width: 720, height: 1280 },
  landscape: { width: 1280, height: 720 },
} as const

const PROBLEMS: Record<string, DeviceProblem> = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'missing',
  OverconstrainedError: 'missing',
  NotReadableError: 'in_use',
}

/** Camera and microphone: what there is, what is chosen, and the stream of both. */
export function useDevices() {
  const cameras = shallowRef<MediaDeviceInfo[]>([])
  const microphones = shallowRef<MediaDeviceInfo[]>([])
  const cameraId = ref<string | null>(null)
  const microphoneId = ref<string | null>(null)
  const orientation = ref<Orientation>('portrait')
  const stream = shallowRef<MediaStream | null>(null)
  const problem = ref<DeviceProblem | null>(null)
  const microphoneOn = ref(true)
  /** How loud the microphone is, 0 to 1. */
  const level = ref(0)
  let meter: { context: AudioContext; timer: ReturnType<typeof setInterval> } | null = null

  async function list(): Promise<void> {
    const all = (await navigator.mediaDevices?.enumerateDevices()) ?? []
    cameras.value = all.filter((device) => device.kind === 'videoinput')
    microphones.value = all.filter((device) => device.kind === 'audioinput')
  }

  /** Asks for both devices; false when the host has to do something about it first. */
  async function open(): Promise<boolean> {
    problem.value = null
    if (!navigator.mediaDevices) {
      problem.value = 'insecure'
      return false
    }
    try {
      const next = await navigator.mediaDevices.getUserMedia(constraints())
      close()
      stream.value = next
      applyMicrophone()
      cameraId.value = next.getVideoTracks()[0]?.getSettings().deviceId ?? null
      microphoneId.value = next.getAudioTracks()[0]?.getSettings().deviceId ?? null
      startMeter(next)
      await list()
      return true
    } catch (error) {
      problem.value = PROBLEMS[(error as DOMException).name] ?? 'failed'
      return false
    }
  }

  function constraints(): MediaStreamConstraints {
    const size = SIZES[orientation.value]
    return {
      video: {
        deviceId: cameraId.value ? { exact: cameraId.value } : undefined,
        width: { ideal: size.width },
        height: { ideal: size.height },
        aspectRatio: { ideal: size.width / size.height },
        frameRate: { ideal: 30 },
      },
      audio: {
        deviceId: microphoneId.value ? { exact: microphoneId.value } : undefined,
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
      },
    }
  }

  /** Without asking: opens only what the host has allowed before. */
  async function openIfAllowed(): Promise<void> {
    const names = ['camera', 'microphone'] as unknown as PermissionName[]
    const states = await Promise.all(
      names.map((name) => navigator.permissions?.query({ name }).catch(() => null)),
    )
    if (states.every((state) => state?.state === 'granted')) await open()
    else await list()
  }

  function toggleMicrophone(): void {
    microphoneOn.value = !microphoneOn.value
    applyMicrophone()
  }

  function applyMicrophone(): void {
    for (const track of stream.value?.getAudioTracks() ?? []) track.enabled = microphoneOn.value
  }

  function startMeter(from: MediaStream): void {
    const context = new AudioContext()
    const analyser = context.createAnalyser()
    analyser.fftSize = 512
    context.createMediaStreamSource(from).connect(analyser)
    const samples = new Float32Array(analyser.fftSize)
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples)
      let sum = 0
      for (const sample of samples) sum += sample * sample
      // -60 dB is silence, 0 dB is full scale.
      const decibel = 10 * Math.log10(sum / samples.length + 1e-9)
      level.value = Math.max(0, Math.min(1, 1 + decibel / 60))
    }, 100)
    meter = { context, timer }
  }

  function close(): void {
    if (meter) {
      clearInterval(meter.timer)
      void meter.context.close()
      meter = null
    }
    for (const track of stream.value?.getTracks() ?? []) track.stop()
    stream.value = null
    level.value = 0
  }

  const onChange = () => void list()
  navigator.mediaDevices?.addEventListener('devicechange', onChange)
  onScopeDispose(() => {
    navigator.mediaDevices?.removeEventListener('devicechange', onChange)
    close()
  })

  return {
    cameras,
    microphones,
    cameraId,
    microphoneId,
    orientation,
    stream,
    problem,
    microphoneOn,
    level,
    open,
    openIfAllowed,
    toggleMicrophone,
    close,
  }
}

export type Devices = ReturnType<typeof useDevices>
