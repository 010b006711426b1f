import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Backoff } from './backoff'
import { type ChatOutcome, type ConnectionState, RoomConnection } from './connection'
import type { LiveEvent } from './protocol'
import { FakeSocket, liveEvent } from './testing'

const TOPIC = 'room:1'

function setUp(cursors: Record<string, number> = { [TOPIC]: 5 }) {
  const sockets: FakeSocket[] = []
  const events: LiveEvent[] = []
  const outcomes: ChatOutcome[] = []
  const states: ConnectionState[] = []
  const onReset = vi.fn(() => Promise.resolve({ [TOPIC]: 90 }))
  let tokens = 0
  const connection = new RoomConnection({
    credentials: () => Promise.resolve({ url: 'ws://gateway/ws', token: `token-${++tokens}` }),
    cursors,
    onEvents: (_topic, batch) => events.push(...batch),
    onChatOutcome: (outcome) => outcomes.push(outcome),
    onState: (state) => states.push(state),
    onReset,
    createSocket: (url) => {
      const socket = new FakeSocket(url)
      sockets.push(socket)
      return socket
    },
    backoff: new Backoff({ baseMs: 100, random: () => 1 }),
  })
  const socket = (index: number): FakeSocket => {
    const found = sockets[index]
    if (!found) throw new Error(`no socket ${index}`)
    return found
  }
  const welcome = (index: number) => {
    socket(index).open()
    socket(index).receive({ t: 'welcome', connection: 'c', cursors: {} })
  }
  return { connection, sockets, socket, welcome, events, outcomes, states, onReset }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const settle = () => vi.advanceTimersByTimeAsync(0)

describe('RoomConnection', () => {
  it('says hello with its cursors and a fresh token', async () => {
    const { connection, socket, states } = setUp()
    connection.start()
    await settle()
    socket(0).open()
    expect(socket(0).url).toBe('ws://gateway/ws?token=token-1')
    expect(socket(0).sent).toEqual([{ t: 'hello', cursors: { [TOPIC]: 5 } }])
    socket(0).receive({ t: 'welcome', connection: 'c', cursors: {} })
    expect(states).toEqual(['connecting', 'open'])
  })

  it('resumes after what a flood left out, and comes back when a stopping gateway said', async () => {
    const { connection, socket, welcome } = setUp()
    connection.start()
    await settle()
    welcome(0)
    socket(0).receive({
      t: 'batch',
      topic: TOPIC,
      events: [liveEvent(6)],
      through: 40,
      skipped: 33,
    })
    expect(connection.cursor(TOPIC)).toBe(40)
    socket(0).receive({ t: 'drain', reconnect_after_ms: 3_000 })
    socket(0).drop()
    await vi.advanceTimersByTimeAsync(2_900)
    expect(connection.state).toBe('waiting')
    await vi.advanceTimersByTimeAsync(100)
    welcome(1)
    expect(socket(1).sent[0]).toEqual({ t: 'hello', cursors: { [TOPIC]: 40 } })
  })

  it('passes every event once, also when a batch is repeated or overlaps', async () => {
    const { connection, socket, welcome, events } = setUp()
    connection.start()
    await settle()
    welcome(0)
    socket(0).receive({
      t: 'batch',
      topic: TOPIC,
      events: [liveEvent(5), liveEvent(6), liveEvent(7)],
    })
    socket(0).receive({
      t: 'batch',
      topic: TOPIC,
      events: [liveEvent(6), liveEvent(7), liveEvent(8)],
    })
    expect(events.map((event) => event.seq)).toEqual([6, 7, 8])
    expect(connection.cursor(TOPIC)).toBe(8)
  })

  it('resumes after the last event seen when the socket drops', async () => {
    const { connection, socket, welcome, sockets, states } = setUp()
    connection.start()
    await settle()
    welcome(0)
    socket(0).receive({ t: 'batch', topic: TOPIC, events: [liveEvent(6)] })
    socket(0).drop()
    expect(states.at(-1)).toBe('waiting')
    await vi.advanceTimersByTimeAsync(99)
    expect(sockets).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    socket(1).open()
    expect(socket(1).sent).toEqual([{ t: 'hello', cursors: { [TOPIC]: 6 } }])
  })

  it('keeps the cursors of topics apart', async () => {
    const { connection, socket, welcome } = setUp()
    connection.start()
    await settle()
    welcome(0)
    socket(0).receive({ t: 'batch', topic: 'user:9', events: [liveEvent(1)] })
    socket(0).receive({ t: 'batch', topic: TOPIC, events: [liveEvent(6)] })
    expect([connection.cursor('user:9'), connection.cursor(TOPIC)]).toEqual([1, 6])
  })

  it('repeats chat that was not acknowledged, with the same client id, and only that', async () => {
    const { connection, socket, welcome, outcomes } = setUp()
    connection.start()
    await settle()
    welcome(0)
    connection.sendChat('a', 'first')
    connection.sendChat('b', 'second')
    socket(0).receive({ t: 'ack', client_id: 'a', status: 'sent', message_id: 'm1' })
    socket(0).drop()
    await vi.advanceTimersByTimeAsync(200)
    welcome(1)
    expect(socket(1).sent.filter((frame) => frame.t === 'chat')).toEqual([
      { t: 'chat', client_id: 'b', text: 'second', reply_to: null },
    ])
    socket(1).receive({ t: 'ack', client_id: 'b', status: 'held', message_id: 'm2' })
    expect(outcomes).toEqual([
      { clientId: 'a', status: 'sent', messageId: 'm1' },
      { clientId: 'b', status: 'held', messageId: 'm2' },
    ])
  })

  it('reports a refused message with its code and does not repeat it', async () => {
    const { connection, socket, welcome, outcomes } = setUp()
    connection.start()
    await settle()
    welcome(0)
    connection.sendChat('a', 'too fast')
    socket(0).receive({ t: 'error', client_id: 'a', code: 'rate_limited', detail: '' })
    socket(0).drop()
    await vi.advanceTimersByTimeAsync(200)
    welcome(1)
    expect(outcomes).toEqual([{ clientId: 'a', status: 'failed', code: 'rate_limited' }])
    expect(socket(1).sent).toHaveLength(1)
  })

  it('fetches a snapshot on reset and goes on from its cursors', async () => {
    const { connection, socket, welcome, onReset } = setUp({ [TOPIC]: 5, 'user:9': 3 })
    connection.start()
    await settle()
    welcome(0)
    socket(0).receive({ t: 'reset', topic: TOPIC })
    await settle()
    expect(onReset).toHaveBeenCalledExactlyOnceWith(TOPIC)
    socket(1).open()
    expect(socket(1).sent).toEqual([{ t: 'hello', cursors: { [TOPIC]: 90 } }])
  })

  it('gives up a silent socket and reconnects', async () => {
    const { connection, socket, welcome, sockets } = setUp()
    connection.start()
    await settle()
    welcome(0)
    await vi.advanceTimersByTimeAsync(20_000)
    expect(socket(0).sent.filter((frame) => frame.t === 'ping')).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(10_100)
    expect(socket(0).readyState).toBe(3)
    expect(sockets).toHaveLength(2)
  })

  it('merges likes', async () => {
    const { connection, socket, welcome } = setUp()
    connection.start()
    await settle()
    welcome(0)
    connection.like()
    connection.like(4)
    await vi.advanceTimersByTimeAsync(500)
    expect(socket(0).sent.at(-1)).toEqual({ t: 'like', count: 5 })
  })

  it('ignores frames that are not ours and stays closed once closed', async () => {
    const { connection, socket, welcome, sockets, events } = setUp()
    connection.start()
    await settle()
    welcome(0)
    socket(0).onmessage?.({ data: '<html>' })
    socket(0).onmessage?.({ data: '[1]' })
    socket(0).onmessage?.({ data: new ArrayBuffer(2) })
    expect(events).toEqual([])
    connection.close()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sockets).toHaveLength(1)
    expect(connection.state).toBe('closed')
  })
})
