import { describe, expect, it } from 'vitest'
import type { ChatMessage, Pin, Product, RoomSnapshot } from '@/api/types'
import { applyEvent, applyEvents, applyStats, MAX_MESSAGES, stateFromSnapshot } from './reducer'
import { liveEvent } from './testing'

function product(id: string): Product {
  return {
    id,
    slug: id,
    name: id,
    name_en: id,
    category: '',
    description: '',
    image_url: null,
    status: 'on_sale',
    tags: [],
    faq: [],
    attributes: {},
    aliases: [],
    skus: [
      {
        id: `${id}-s`,
        code: id,
        name: '',
        options: {},
        price_cents: 100,
        list_price_cents: 100,
        currency: 'CNY',
        available: 9,
      },
      {
        id: `${id}-t`,
        code: id,
        name: '',
        options: {},
        price_cents: 100,
        list_price_cents: 100,
        currency: 'CNY',
        available: 4,
      },
    ],
  }
}

function message(id: string): ChatMessage {
  return {
    id,
    room_id: 'r',
    kind: 'viewer',
    author: { id: 'u', display_name: 'U' },
    text: id,
    reply_to: null,
    created_at: '2026-01-01T00:00:00Z',
    client_id: `c-${id}`,
  }
}

function pin(id: string, productId: string): Pin {
  return {
    id,
    product_id: productId,
    source: 'auto',
    pinned_at: '2026-01-01T00:00:00Z',
    evidence: null,
  }
}

function snapshot(): RoomSnapshot {
  return {
    room: {
      id: 'r',
      title: 'Room',
      description: '',
      cover_url: null,
      host: { id: 'h', display_name: 'Host' },
      status: 'live',
      stream: 'live',
      pin_mode: 'auto',
      scheduled_at: null,
      started_at: null,
      ended_at: null,
      stats: { viewers: 1, likes: 2 },
    },
    products: [
      { position: 2, product: product('b') },
      { position: 1, product: product('a') },
    ],
    pins: [],
    suggestions: [],
    cues: [],
    staff: true,
    messages: [message('m0')],
    chat_rules: { slow_mode_s: 5, pinned: message('kept') },
    red_packets: [],
    fortune_bags: [],
    polls: [],
    coupon_drops: [],
    coupons: [],
    flash_sales: [],
    stats: { viewers: 3, likes: 4 },
    cursors: {},
  }
}

const asData = (value: object) => value as Record<string, unknown>

describe('room state', () => {
  it('orders the queue and takes the counters of the snapshot', () => {
    const state = stateFromSnapshot(snapshot())
    expect(state.products.map((entry) => entry.product.id)).toEqual(['a', 'b'])
    expect(state.room.stats).toEqual({ viewers: 3, likes: 4 })
  })

  it('adds a message once, removes a deleted one, and keeps a bounded history', () => {
    let state = stateFromSnapshot(snapshot())
    state = applyEvent(state, liveEvent(1, 'chat.message', asData(message('m1'))))
    state = applyEvent(state, liveEvent(2, 'chat.message', asData(message('m1'))))
    expect(state.messages.map((item) => item.id)).toEqual(['m0', 'm1'])
    state = applyEvent(state, liveEvent(3, 'chat.deleted', { message_id: 'm0' }))
    expect(state.messages.map((item) => item.id)).toEqual(['m1'])
    const flood = Array.from({ length: MAX_MESSAGES + 5 }, (_, index) =>
      liveEvent(index + 10, 'chat.message', asData(message(`f${index}`))),
    )
    state = applyEvents(state, flood)
    expect(state.messages).toHaveLength(MAX_MESSAGES)
    expect(state.messages[0]?.id).toBe('f5')
  })

  it('shows the newest pin first, clears the suggestion it answers, and unpins by id', () => {
    let state = stateFromSnapshot(snapshot())
    state = applyEvents(state, [
      liveEvent(1, 'pin.suggested', {
        id: 's1',
        product_id: 'a',
        evidence: { text: '', score: 1, rule: '' },
      }),
      liveEvent(2, 'pin.set', asData(pin('p1', 'b'))),
      liveEvent(3, 'pin.set', asData(pin('p2', 'a'))),
    ])
    expect(state.suggestions).toEqual([])
    expect(state.pins.map((item) => item.id)).toEqual(['p2', 'p1'])
    state = applyEvent(state, liveEvent(4, 'pin.cleared', { pin_id: 'p2', product_id: 'a' }))
    expect(state.pins.map((item) => item.id)).toEqual(['p1'])
  })

  it('a re-pin replaces the pin of the same product, and a late clear of the old one is harmless', () => {
    let state = applyEvents(stateFromSnapshot(snapshot()), [
      liveEvent(1, 'pin.set', asData(pin('p1', 'a'))),
      liveEvent(2, 'pin.set', asData(pin('p2', 'a'))),
    ])
    expect(state.pins.map((item) => item.id)).toEqual(['p2'])
    state = applyEvent(state, liveEvent(3, 'pin.cleared', { pin_id: 'p1', product_id: 'a' }))
    expect(state.pins.map((item) => item.id)).toEqual(['p2'])
  })

  it.each([
    ['before', [0, 1]],
    ['after', [1, 0]],
  ])('a pin keeps its evidence, which comes %s it', (_when, order) => {
    const evidence = { text: 'this mask', score: 0.9, rule: 'name' }
    const both = [
      liveEvent(1, 'pin.explained', asData({ ...pin('p1', 'a'), evidence })),
      liveEvent(2, 'pin.set', asData(pin('p1', 'a'))),
    ]
    const state = applyEvents(
      stateFromSnapshot(snapshot()),
      order.map((index) => both[index] as (typeof both)[number]),
    )
    expect(state.pins).toEqual([{ ...pin('p1', 'a'), evidence }])
  })

  it('opens cues for the host and closes them by id', () => {
    let state = stateFromSnapshot(snapshot())
    const cue = {
      id: 'c1',
      kind: 'warning.price',
      product_id: 'a',
      data: {},
      evidence: { text: '', score: 1, rule: '' },
    }
    state = applyEvents(state, [
      liveEvent(1, 'cue.warning', cue),
      liveEvent(2, 'cue.warning', cue),
      liveEvent(3, 'cue.offer', { ...cue, id: 'c2', kind: 'offer.countdown' }),
    ])
    expect(state.cues.map((item) => item.id)).toEqual(['c2', 'c1'])
    state = applyEvent(state, liveEvent(4, 'cue.closed', { id: 'c1', status: 'dismissed' }))
    expect(state.cues.map((item) => item.id)).toEqual(['c2'])
  })

  it('changes the stock of one SKU alone', () => {
    const state = applyEvent(
      stateFromSnapshot(snapshot()),
      liveEvent(1, 'stock.changed', { product_id: 'a', sku_id: 'a-t', available: 0 }),
    )
    expect(
      state.products.flatMap((entry) => entry.product.skus.map((sku) => sku.available)),
    ).toEqual([9, 0, 9, 4])
  })

  it('replaces a partial transcript by its final text', () => {
    let state = stateFromSnapshot(snapshot())
    const segment = { id: 't1', text: 'hel', language: 'en', start_s: 0, end_s: 1 }
    state = applyEvent(state, liveEvent(1, 'caption.partial', segment))
    expect(state.partial?.text).toBe('hel')
    state = applyEvent(state, liveEvent(2, 'transcript.segment', { ...segment, text: 'hello' }))
    expect([state.partial, state.transcript.map((item) => item.text)]).toEqual([null, ['hello']])
  })

  it('updates an order in place and puts a new one first', () => {
    let state = stateFromSnapshot(snapshot())
    state = applyEvents(state, [
      liveEvent(1, 'order.created', { id: 'o1', status: 'pending_payment', total_cents: 100 }),
      liveEvent(2, 'order.created', { id: 'o2', status: 'pending_payment', total_cents: 200 }),
      liveEvent(3, 'order.paid', { id: 'o1', status: 'paid' }),
    ])
    expect(state.orders.map((order) => [order.id, order.status, order.total_cents])).toEqual([
      ['o2', 'pending_payment', 200],
      ['o1', 'paid', 100],
    ])
  })

  it('leaves the state untouched for unknown events and unchanged counters', () => {
    const state = stateFromSnapshot(snapshot())
    expect(applyEvent(state, liveEvent(1, 'something.new', {}))).toBe(state)
    expect(applyStats(state, { viewers: 3, likes: 4, stream: 'live' })).toBe(state)
    expect(applyStats(state, { viewers: 3, likes: 4, stream: 'reconnecting' }).room.stream).toBe(
      'reconnecting',
    )
  })
})
