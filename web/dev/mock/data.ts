/** What the mock back end knows: enough to see every state of every page. */
import type { ChatMessage, Me, Order, Product, Room, RoomProduct } from '../../src/api/types.ts'

const SAMPLES: [string, string, string, number, number, number, string][] = [
  ['mask-ha', '玻尿酸补水面膜', 'Hyaluronic Acid Sheet Mask', 9900, 19900, 120, '护肤'],
  ['lip-bean', '豆沙色丝绒口红', 'Rosewood Velvet Lipstick', 15900, 25900, 6, '彩妆'],
  ['fryer', '五升可视空气炸锅', '5L Visible Air Fryer', 29900, 49900, 40, '家电'],
  ['tea', '武夷山大红袍', 'Wuyi Da Hong Pao Tea', 26800, 39800, 0, '食品'],
  ['quilt', '纯棉四件套', 'Cotton Bedding Set', 25950, 45900, 70, '家纺'],
  ['yoga', '高腰瑜伽裤', 'High-Waist Yoga Leggings', 11900, 19900, 180, '服饰'],
]

const VARIANTS: Record<string, [string, string][]> = {
  'lip-bean': [
    ['3.2g 经典装', '3.2 g'],
    ['礼盒装', 'Gift box'],
  ],
  yoga: [
    ['S', 'S'],
    ['M', 'M'],
    ['L', 'L'],
    ['XL', 'XL'],
  ],
}

export const products: Product[] = SAMPLES.map(
  ([slug, name, nameEn, price, list, stock, category]) => ({
    id: `p-${slug}`,
    slug,
    name,
    name_en: nameEn,
    category,
    description: '直播专享价，48 小时内发货，七天无理由退货。',
    image_url: `/api/mock/pictures/${slug}.svg`,
    status: 'on_sale',
    tags: [],
    faq: [],
    attributes: {},
    aliases: [],
    skus: (VARIANTS[slug] ?? [['标准装', 'Standard']]).map(([label], index) => ({
      id: `s-${slug}-${index}`,
      code: `${slug}-${index}`,
      name: label,
      options: {},
      price_cents: price + index * 2000,
      list_price_cents: list,
      currency: 'CNY',
      available: index === 3 ? 0 : stock,
    })),
  }),
)

export const queue: RoomProduct[] = products.map((product, index) => ({
  position: index + 1,
  product,
}))

const hour = 3_600_000
export const now = () => new Date().toISOString()

function room(
  id: string,
  title: string,
  host: string,
  status: Room['status'],
  viewers: number,
): Room {
  return {
    id,
    title,
    description: '',
    cover_url: `/api/mock/covers/${id}.svg`,
    host: { id: `h-${id}`, display_name: host },
    status,
    stream: status === 'live' ? 'live' : 'offline',
    pin_mode: 'auto',
    scheduled_at: status === 'scheduled' ? new Date(Date.now() + 26 * hour).toISOString() : null,
    started_at: status === 'live' ? new Date(Date.now() - 0.4 * hour).toISOString() : null,
    ended_at: null,
    stats: { viewers, likes: viewers * 9 },
  }
}

export const rooms: Room[] = [
  room('r1', '小满的生活好物 · 秋冬护肤专场', '小满', 'live', 12840),
  room('r2', '武夷山茶农直播：今年的大红袍', '老周说茶', 'live', 862),
  room('r3', 'Kitchen night: air fryer recipes', 'Nora', 'live', 96),
  room('r4', '周末家纺清仓，四件套一件不留', '阿棉', 'scheduled', 0),
  room('r5', 'New season activewear, first look', 'Mia Active', 'scheduled', 0),
]

export const me: Me = {
  id: 'u-1',
  email: 'demo@example.com',
  display_name: '林一',
  roles: ['viewer', 'host', 'moderator', 'merchant'],
  locale: 'zh-CN',
}

const LINES: [string, string, ChatMessage['kind']][] = [
  ['青柠', '这个面膜敏感肌能用吗？', 'viewer'],
  [
    '助手',
    '可以的，这款不含酒精和香精，敏感肌建议先在耳后试用。现价 ¥99，库存 120 件。',
    'assistant',
  ],
  ['Jonas', 'does it ship to Shanghai?', 'viewer'],
  ['一只橘猫', '已经回购三次了！', 'viewer'],
  ['小满', '欢迎新进来的宝宝，今天护肤全场直播价～', 'host'],
  ['Tongtong', '上次买的超好用', 'viewer'],
  ['阿树', '口红什么时候讲呀', 'viewer'],
]

export function message(index: number, roomId = 'r1'): ChatMessage {
  const [author, text, kind] = LINES[index % LINES.length] as (typeof LINES)[number]
  return {
    id: `m-${index}`,
    room_id: roomId,
    kind,
    author: { id: `u-${author}`, display_name: author },
    text,
    reply_to: kind === 'assistant' ? `m-${index - 1}` : null,
    created_at: now(),
    client_id: `c-${index}`,
  }
}

export function order(skuId: string, quantity: number): Order {
  const product = products.find((item) => item.skus.some((sku) => sku.id === skuId)) as Product
  const sku = product.skus.find((item) => item.id === skuId) as Product['skus'][number]
  const id = `o-${Date.now()}`
  return {
    id,
    number: `SC${Date.now()}`,
    status: 'pending_payment',
    lines: [
      {
        sku_id: skuId,
        product_id: product.id,
        product_name: product.name,
        product_name_en: product.name_en,
        sku_name: sku.name,
        image_url: product.image_url,
        quantity,
        unit_price_cents: sku.price_cents,
        discount_cents: 0,
        total_cents: sku.price_cents * quantity,
        shipped_quantity: 0,
        refunded_quantity: 0,
        refunded_cents: 0,
      },
    ],
    items_cents: sku.price_cents * quantity,
    discount_cents: 0,
    shipping_cents: 0,
    total_cents: sku.price_cents * quantity,
    refunded_cents: 0,
    explanation: [],
    currency: 'CNY',
    address: null,
    invoice: null,
    note: '',
    room_id: 'r1',
    created_at: now(),
    expires_at: new Date(Date.now() + 900_000).toISOString(),
    paid_at: null,
    shipped_at: null,
    completed_at: null,
    carrier: null,
    tracking: null,
    buyer: { display_name: me.display_name },
  }
}

const HUES: Record<string, number> = { r1: 18, r2: 96, r3: 210, r4: 330, r5: 265 }

export function picture(name: string): string {
  const key = name.replace('.svg', '')
  const portrait = key in HUES
  const hue = HUES[key] ?? [...key].reduce((sum, sign) => sum + sign.charCodeAt(0) * 7, 0) % 360
  const height = portrait ? 640 : 360
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 ${height}"><defs><linearGradient id="g" x2=".4" y2="1"><stop stop-color="hsl(${hue} 50% 78%)"/><stop offset="1" stop-color="hsl(${hue + 30} 45% 42%)"/></linearGradient></defs><rect width="360" height="${height}" fill="url(#g)"/><circle cx="180" cy="${height * 0.45}" r="96" fill="hsl(${hue} 60% 90% / .7)"/><path d="M60 ${height}c10-130 70-180 120-180s110 50 120 180z" fill="hsl(${hue + 10} 40% 30% / .75)"/></svg>`
}
