import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Plugin } from 'vite'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Order, Pin } from '../../src/api/types.ts'
import { me, message, now, order, picture, products, queue, rooms } from './data.ts'

const TOPIC = 'room:r1'
const sockets = new Set<WebSocket>()
const orders: Order[] = []
let loggedIn = false
let seq = 10
let pins: Pin[] = [pin(0)]

function pin(index: number): Pin {
  const product = products[index % products.length]
  return {
    id: `pin-${Date.now()}`,
    product_id: product?.id ?? '',
    source: 'auto',
    pinned_at: now(),
    evidence: { text: product?.name ?? '', score: 0.93, rule: 'name_presented' },
  }
}

function publish(type: string, data: object, topic = TOPIC): void {
  seq += 1
  const event = { seq, id: `e-${seq}`, type, at: now(), data }
  const stats = { viewers: 12_840 + (seq % 40), likes: 115_560 + seq * 3, stream: 'live' }
  const frame = JSON.stringify({ t: 'batch', topic, events: [event], stats })
  for (const socket of sockets) socket.send(frame)
}

const SPOKEN = [
  '好，我们来看这一款玻尿酸补水面膜，一盒十片',
  '它的精华特别足，敷完脸上是透亮的',
  '今天直播间只要九十九，原价一百九十九',
  '等一下还有空气炸锅，大家先别走',
]

function tell(): void {
  const index = seq
  publish('chat.message', message(index))
  if (index % 3 === 0) {
    const text = SPOKEN[index % SPOKEN.length]
    const segment = { id: `t-${index}`, text, language: 'zh', start_s: index, end_s: index + 2 }
    publish('caption.final', segment)
    publish('transcript.segment', segment, `${TOPIC}:staff`)
  }
  if (index % 11 === 0) {
    publish(
      'pin.suggested',
      {
        id: `s-${index}`,
        product_id: products[2]?.id,
        evidence: { text: '这个炸锅呀', score: 0.61, rule: 'meaning' },
      },
      `${TOPIC}:staff`,
    )
  }
  if (index % 8 === 0) {
    publish('order.paid', { ...order('s-mask-ha-0', 2), status: 'paid' }, `${TOPIC}:staff`)
  }
}

const send = (response: ServerResponse, body: unknown, status = 200) => {
  response.statusCode = status
  response.setHeader('Content-Type', 'application/json')
  response.end(status === 204 ? undefined : JSON.stringify(body))
}

const problem = (response: ServerResponse, status: number, code: string) =>
  send(response, { type: 'about:blank', title: code, status, code }, status)

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return text ? (JSON.parse(text) as Record<string, unknown>) : {}
}

type Answer = (
  match: RegExpExecArray,
  body: Record<string, unknown>,
  response: ServerResponse,
  host: string,
) => void

const address = {
  id: 'a1',
  recipient: '林一',
  phone: '13800000000',
  region: '上海市 徐汇区',
  street: '衡山路 8 号 3 栋 201',
  is_default: true,
}
const addresses: object[] = process.env.MOCK_NO_ADDRESS ? [] : [address]

const ROUTES: [string, RegExp, Answer][] = [
  [
    'GET',
    /^\/auth\/me$/,
    (_m, _b, r) => (loggedIn ? send(r, me) : problem(r, 401, 'unauthorized')),
  ],
  [
    'POST',
    /^\/auth\/(login|register)$/,
    (_m, b, r) => {
      if (b.password === 'wrong') return problem(r, 401, 'invalid_credentials')
      loggedIn = true
      send(r, me)
    },
  ],
  [
    'POST',
    /^\/auth\/logout$/,
    (_m, _b, r) => {
      loggedIn = false
      send(r, null, 204)
    },
  ],
  ['GET', /^\/rooms$/, (_m, _b, r) => send(r, { items: rooms })],
  ['POST', /^\/rooms$/, (_m, b, r) => send(r, { ...rooms[3], ...b, id: 'r4' }, 201)],
  ['GET', /^\/rooms\/mine$/, (_m, _b, r) => send(r, { items: rooms.filter((_, i) => i !== 1) })],
  [
    'GET',
    /^\/rooms\/(\w+)\/snapshot$/,
    (m, _b, r) => {
      const room = rooms.find((item) => item.id === m[1])
      if (!room) return problem(r, 404, 'not_found')
      const messages = Array.from({ length: 7 }, (_, i) => message(i - 7 + 7, room.id))
      send(r, {
        room,
        products: queue,
        pins: room.status === 'live' ? pins : [],
        suggestions: [],
        messages,
        chat_rules: {},
        red_packets: [],
        fortune_bags: [],
        polls: [],
        coupon_drops: [],
        coupons: [],
        flash_sales: [],
        stats: room.stats,
        cursors: { [TOPIC]: seq },
      })
    },
  ],
  [
    'POST',
    /^\/rooms\/(\w+)\/tokens$/,
    (m, _b, r, host) =>
      send(r, {
        gateway: { url: `ws://${host}/mock-ws`, token: 'g' },
        whep: { url: `http://${host}/api/mock/whep`, token: 'w' },
        whip: m[1] === 'r1' ? { url: `http://${host}/api/mock/whip`, token: 'w' } : null,
        expires_at: new Date(Date.now() + 300_000).toISOString(),
      }),
  ],
  [
    'PUT',
    /^\/rooms\/\w+\/products$/,
    (_m, b, r) =>
      send(r, {
        products: (b.product_ids as string[]).map((id, i) => ({
          position: i + 1,
          product: products.find((p) => p.id === id),
        })),
      }),
  ],
  ['POST', /^\/rooms\/\w+\/(start|end)$/, (_m, _b, r) => send(r, rooms[0])],
  ['PATCH', /^\/rooms\/(\w+)$/, (_m, b, r) => send(r, { ...rooms[0], ...b })],
  [
    'GET',
    /^\/rooms\/(\w+)$/,
    (m, _b, r) =>
      send(
        r,
        rooms.find((item) => item.id === m[1]),
      ),
  ],
  [
    'GET',
    /^\/rooms\/\w+\/transcript$/,
    (_m, _b, r) =>
      send(r, {
        items: SPOKEN.map((text, i) => ({
          id: `t-${i}`,
          text,
          language: 'zh',
          start_s: i * 4,
          end_s: i * 4 + 3,
          created_at: now(),
        })),
      }),
  ],
  [
    'POST',
    /^\/rooms\/\w+\/pins$/,
    (_m, b, r) => {
      const made = { ...pin(0), product_id: String(b.product_id), source: 'host' as const }
      pins = [made]
      publish('pin.set', made)
      send(r, made, 201)
    },
  ],
  [
    'DELETE',
    /^\/rooms\/\w+\/pins\/(.+)$/,
    (m, _b, r) => {
      pins = pins.filter((item) => item.product_id !== m[1])
      publish('pin.cleared', { product_id: m[1] })
      send(r, null, 204)
    },
  ],
  [
    'POST',
    /^\/rooms\/\w+\/suggestions\/[\w-]+\/(accept|dismiss)$/,
    (_m, _b, r) => send(r, null, 204),
  ],
  ['GET', /^\/addresses$/, (_m, _b, r) => send(r, { items: addresses })],
  [
    'POST',
    /^\/addresses$/,
    (_m, b, r) => {
      addresses.push({ id: 'a2', is_default: true, ...b })
      send(r, addresses.at(-1), 201)
    },
  ],
  [
    'POST',
    /^\/orders$/,
    (_m, b, r) => {
      const line = (b.lines as { sku_id: string; quantity: number }[])[0]
      if (!line) return problem(r, 422, 'invalid')
      const made = order(line.sku_id, line.quantity)
      orders.unshift(made)
      send(r, made, 201)
    },
  ],
  [
    'POST',
    /^\/quotes$/,
    (_m, b, r) => {
      const line = (b.lines as { sku_id: string; quantity: number }[])[0]
      if (!line) return problem(r, 422, 'invalid')
      if (b.coupon_code && b.coupon_code !== 'LIVE20') return problem(r, 409, 'coupon_not_usable')
      const { total_cents: items } = order(line.sku_id, line.quantity)
      const discount = b.coupon_code ? 2000 : 0
      send(r, {
        currency: 'CNY',
        lines: [],
        steps: [],
        items_cents: items,
        discount_cents: discount,
        shipping_cents: 0,
        total_cents: items - discount,
      })
    },
  ],
  ['GET', /^\/orders\/mine$/, (_m, _b, r) => send(r, { items: orders })],
  [
    'GET',
    /^\/orders\/(.+)$/,
    (m, _b, r) =>
      send(
        r,
        orders.find((item) => item.id === m[1]),
      ),
  ],
  [
    'POST',
    /^\/orders\/(.+)\/payments$/,
    (m, _b, r) => {
      const paid = orders.find((item) => item.id === m[1])
      if (!paid) return problem(r, 404, 'not_found')
      setTimeout(() => {
        Object.assign(paid, { status: 'paid', paid_at: now() })
        publish('order.updated', paid, 'user:u-1')
      }, 2_500)
      send(r, {
        id: 'pay-1',
        provider: 'alipay',
        status: 'created',
        amount_cents: paid.total_cents,
        pay_url: '/api/mock/pay',
      })
    },
  ],
  ['GET', /^\/(merchant\/)?products$/, (_m, _b, r) => send(r, { items: products })],
]

/** A back end inside the dev server: pages can be worked on with nothing else running. */
export function mockBackend(): Plugin {
  return {
    name: 'shopcast-mock-backend',
    configureServer(server) {
      const gateway = new WebSocketServer({ noServer: true })
      server.httpServer?.on('upgrade', (request, socket, head) => {
        if (!request.url?.startsWith('/mock-ws')) return
        gateway.handleUpgrade(request, socket, head, accept)
      })
      const talk = setInterval(tell, 1_600)
      const rotate = setInterval(() => {
        for (const old of pins)
          publish('pin.cleared', { pin_id: old.id, product_id: old.product_id })
        pins = [pin(Math.floor(Date.now() / 20_000))]
        publish('pin.set', pins[0] as Pin)
      }, 20_000)
      server.httpServer?.on('close', () => {
        clearInterval(talk)
        clearInterval(rotate)
      })
      server.middlewares.use('/api', (request, response, next) => {
        const path = (request.url ?? '').split('?')[0] ?? ''
        const drawn = /^\/mock\/(pictures|covers)\/(.+)$/.exec(path)
        if (drawn) {
          response.setHeader('Content-Type', 'image/svg+xml')
          response.end(picture(drawn[2] ?? ''))
          return
        }
        for (const [method, pattern, answer] of ROUTES) {
          const match = request.method === method ? pattern.exec(path) : null
          if (!match) continue
          bodyOf(request).then(
            (body) => answer(match, body, response, request.headers.host ?? ''),
            next,
          )
          return
        }
        problem(response, 404, 'not_found')
      })
    },
  }
}

function accept(socket: WebSocket): void {
  sockets.add(socket)
  socket.on('close', () => sockets.delete(socket))
  socket.on('message', (raw) => {
    const frame = JSON.parse(String(raw)) as { t: string; client_id: string; text: string }
    if (frame.t === 'hello')
      socket.send(JSON.stringify({ t: 'welcome', connection: 'mock', cursors: { [TOPIC]: seq } }))
    if (frame.t === 'ping') socket.send(JSON.stringify({ t: 'pong' }))
    if (frame.t !== 'chat') return
    if (frame.text.includes('fast')) {
      socket.send(
        JSON.stringify({
          t: 'error',
          client_id: frame.client_id,
          code: 'rate_limited',
          detail: '',
        }),
      )
      return
    }
    const held = frame.text.includes('vx')
    socket.send(
      JSON.stringify({
        t: 'ack',
        client_id: frame.client_id,
        status: held ? 'held' : 'sent',
        message_id: `own-${frame.client_id}`,
      }),
    )
    if (!held)
      publish('chat.message', {
        ...message(0),
        id: `own-${frame.client_id}`,
        author: { id: me.id, display_name: me.display_name },
        text: frame.text,
        client_id: frame.client_id,
      })
  })
}
