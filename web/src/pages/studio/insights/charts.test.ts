import { describe, expect, it } from 'vitest'
import type { Insights } from '@/api/types'
import { type ChartTexts, funnelOption, sourcesOption, trendOption } from './charts'

const texts: ChartTexts = {
  viewers: 'viewers',
  clicks: 'clicks',
  orders: 'orders',
  revenue: 'revenue',
  mark: (kind) => kind,
  name: (named) => named.name,
  step: (name) => name,
  direct: 'direct',
  money: String,
}
const insights = {
  status: 'ended',
  started_at: '2026-11-23T20:00:00Z',
  ended_at: '2026-11-23T20:10:00Z',
  funnel: { seen: 10, card_shown: 8, card_clicked: 4, sku_chosen: 2, ordered: 1, paid: 1 },
  trend: [
    { at: '2026-11-23T20:00:00Z', viewers: 3, likes: 0 },
    { at: '2026-11-23T20:00:15Z', viewers: 5, likes: 2 },
  ],
  activity: [
    { at: '2026-11-23T20:00:00Z', clicks: 4, orders: 0, revenue_cents: 0 },
    { at: '2026-11-23T20:00:15Z', clicks: 1, orders: 1, revenue_cents: 9900 },
  ],
  marks: [
    {
      kind: 'pin',
      at: '2026-11-23T20:00:05Z',
      ends_at: null,
      label: '玻尿酸补水面膜二十片装',
      product_id: 'p',
    },
    { kind: 'warning', at: '2026-11-23T20:00:08Z', ends_at: null, label: '最好', product_id: null },
  ],
  products: [],
  sources: { '': 7, wechat: 3 },
} as unknown as Insights

// biome-ignore lint/suspicious/noExplicitAny: what ECharts takes is as loose.
const series = (option: unknown) => (option as any).series as any[]

describe('charts of a show', () => {
  it('draws pins as bands to the end of the show and warnings as lines', () => {
    const [viewers, clicks, orders] = series(trendOption(insights, texts))
    expect(viewers.data.map((point: unknown[]) => point[1])).toEqual([3, 5])
    const [[from, to]] = viewers.markArea.data
    expect([from.name, from.xAxis, to.xAxis]).toEqual([
      '玻尿酸补水面膜二十片…',
      '2026-11-23T20:00:05Z',
      '2026-11-23T20:10:00Z',
    ])
    expect(viewers.markLine.data.map((line: { name: string }) => line.name)).toEqual(['warning'])
    expect(clicks.data).toHaveLength(2)
    expect(orders.data).toEqual([['2026-11-23T20:00:15Z', 1]])
  })

  it('says how far people came', () => {
    const [bars] = series(funnelOption(insights, texts))
    const labels = bars.data.map((bar: { label: { formatter: string } }) => bar.label.formatter)
    expect(labels.slice(0, 3)).toEqual(['10  100%', '8  80%', '4  40%'])
    const [pie] = series(sourcesOption(insights, texts))
    expect(pie.data[0]).toEqual({ name: 'direct', value: 7 })
  })
})
