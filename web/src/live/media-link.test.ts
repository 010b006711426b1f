import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Backoff } from './backoff'
import { MediaLink, preferH264 } from './media-link'
import { FakePeer } from './testing'

class TestLink extends MediaLink {
  prepared = 0

  protected prepare(): void {
    this.prepared += 1
  }

  protected bytesFlowed(report: RTCStatsReport): number | null {
    const entry = [...report.values()][0] as { bytes?: number } | undefined
    return entry?.bytes ?? null
  }
}

function answer(status = 201): Response {
  return new Response('v=0 answer', { status, headers: { Location: '/whep/r/1' } })
}

function setUp(respond: () => Response | Promise<Response> = () => answer()) {
  const peers: FakePeer[] = []
  const states: string[] = []
  const requests: { method: string; url: string; authorization: string }[] = []
  const link = new TestLink({
    credentials: () => Promise.resolve({ url: 'http://media/whep/r', token: 'secret' }),
    onState: (state, failure) => states.push(failure ? `${state}:${failure}` : state),
    createPeer: () => {
      const peer = new FakePeer()
      peers.push(peer)
      return peer as unknown as RTCPeerConnection
    },
    fetch: (url, init) => {
      const headers = new Headers(init?.headers)
      requests.push({
        method: init?.method ?? 'GET',
        url: String(url),
        authorization: headers.get('Authorization') ?? '',
      })
      return Promise.resolve(init?.method === 'DELETE' ? new Response() : respond())
    },
    backoff: new Backoff({ baseMs: 100, random: () => 1 }),
  })
  const peer = (index: number): FakePeer => {
    const found = peers[index]
    if (!found) throw new Error(`no peer ${index}`)
    return found
  }
  return { link, peers, peer, states, requests }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const settle = () => vi.advanceTimersByTimeAsync(0)

describe('MediaLink', () => {
  it('offers with its token, takes the answer, and deletes its resource when stopped', async () => {
    const { link, peer, states, requests } = setUp()
    link.start()
    await settle()
    expect(peer(0).remoteDescription).toEqual({ type: 'answer', sdp: 'v=0 answer' })
    peer(0).become('connected')
    link.stop()
    expect(states).toEqual(['connecting', 'connected', 'stopped'])
    expect(requests).toEqual([
      { method: 'POST', url: 'http://media/whep/r', authorization: 'Bearer secret' },
      { method: 'DELETE', url: 'http://media/whep/r/1', authorization: 'Bearer secret' },
    ])
    expect(peer(0).closed).toBe(true)
  })

  it('retries while nobody publishes, and plays when somebody does', async () => {
    let published = false
    const { link, peer, peers, states } = setUp(() => answer(published ? 201 : 404))
    link.start()
    await settle()
    expect(states).toEqual(['connecting', 'retrying:no_stream'])
    published = true
    await vi.advanceTimersByTimeAsync(100)
    peer(1).become('connected')
    expect(states.slice(2)).toEqual(['connecting', 'connected'])
    expect(peers).toHaveLength(2)
  })

  it.each([
    [401, 'credentials'],
    [403, 'forbidden'],
    [400, 'refused'],
    [503, 'full'],
    [500, 'network'],
  ])('says why on status %i: %s', async (status, failure) => {
    const { link, states } = setUp(() => answer(status))
    link.start()
    await settle()
    expect(states.at(-1)).toBe(`retrying:${failure}`)
    link.stop()
  })

  it('stays stopped when it is stopped by whoever hears that it failed', async () => {
    const { link, states, peers } = setUp(() => answer(500))
    states.push = (state) => {
      if (state.startsWith('retrying')) link.stop()
      return Array.prototype.push.call(states, state)
    }
    link.start()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(link.state).toBe('stopped')
    expect(peers).toHaveLength(1)
  })

  it('waits out a short disconnection and reconnects after a long one', async () => {
    const { link, peer, states } = setUp()
    link.start()
    await settle()
    peer(0).become('connected')
    peer(0).become('disconnected')
    await vi.advanceTimersByTimeAsync(2_900)
    peer(0).become('connected')
    await vi.advanceTimersByTimeAsync(2_900)
    expect(states).toEqual(['connecting', 'connected', 'connected'])
    peer(0).become('disconnected')
    await vi.advanceTimersByTimeAsync(3_000)
    expect(states.at(-1)).toBe('retrying:lost')
    link.stop()
  })

  it('treats bytes that stand still as a stall', async () => {
    const { link, peer, states } = setUp()
    link.start()
    await settle()
    peer(0).stats = [{ bytes: 10 }]
    peer(0).become('connected')
    await vi.advanceTimersByTimeAsync(4_000)
    peer(0).stats = [{ bytes: 20 }]
    await vi.advanceTimersByTimeAsync(4_000)
    expect(states.at(-1)).toBe('connected')
    await vi.advanceTimersByTimeAsync(2_000)
    expect(states).toContain('retrying:stalled')
    link.stop()
  })

  it('forgets an attempt that was stopped while it waited for the answer', async () => {
    let resolve: (response: Response) => void = () => {}
    const { link, peer, states } = setUp(
      () =>
        new Promise((done) => {
          resolve = done
        }),
    )
    link.start()
    await settle()
    link.stop()
    resolve(answer())
    await vi.advanceTimersByTimeAsync(60_000)
    expect(states).toEqual(['connecting', 'stopped'])
    expect(peer(0).remoteDescription).toBe(null)
  })

  it('restarts at once when asked to', async () => {
    const { link, peers } = setUp(() => answer(404))
    link.start()
    await settle()
    link.restart()
    await settle()
    expect(peers).toHaveLength(2)
    link.stop()
  })
})

it('prefers H.264 and keeps the order of the rest', () => {
  const codecs = ['video/VP8', 'video/rtx', 'video/H264', 'video/VP9', 'video/H264'].map(
    (mimeType, index) => ({
      mimeType,
      index,
    }),
  )
  expect(preferH264(codecs).map((codec) => codec.index)).toEqual([2, 4, 0, 1, 3])
})
