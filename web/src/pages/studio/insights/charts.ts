import type { EChartsCoreOption } from 'echarts/core'
import type { Insights, Mark } from '@/api/types'

/** What the charts say, in the reader's language. */
export interface ChartTexts {
  viewers: string
  clicks: string
  orders: string
  revenue: string
  mark: (kind: Mark['kind']) => string
  name: (named: { name: string; name_en: string }) => string
  step: (name: FunnelStep) => string
  direct: string
  money: (cents: number) => string
}

export const FUNNEL = [
  'seen',
  'card_shown',
  'card_clicked',
  'sku_chosen',
  'ordered',
  'paid',
] as const
export type FunnelStep = (typeof FUNNEL)[number]

const PINE = '#2a5a4c'
const PINE_SOFT = 'rgba(42, 90, 76, 0.14)'
const YUZU = '#d9a400'
const LIVE = '#ff4d3d'
const INK = '#34443d'
const LINE = '#dfe5e0'
const FONT = 'Figtree Variable, PingFang SC, Noto Sans CJK SC, sans-serif'
const PIN_TINTS = ['rgba(248, 197, 27, 0.16)', 'rgba(58, 122, 104, 0.13)']
const MARK_COLOURS: Record<Mark['kind'], string> = {
  pin: YUZU,
  red_packet: '#e8382a',
  fortune_bag: '#b8860b',
  poll: PINE,
  coupon_drop: '#c2701c',
  flash_sale: '#d5261c',
  warning: LIVE,
  step: '#85948d',
}
const LABEL_LENGTH = 10
const BUCKET_MS = 15_000

const base = { textStyle: { fontFamily: FONT, color: INK }, animation: false }
const short = (text: string) =>
  [...text].length > LABEL_LENGTH ? `${[...text].slice(0, LABEL_LENGTH).join('')}…` : text

/** Viewers over time with clicks and orders; pins as bands, draws, steps and warnings as lines. */
export function trendOption(insights: Insights, texts: ChartTexts): EChartsCoreOption {
  const pins = insights.marks.filter((mark) => mark.kind === 'pin')
  const moments = insights.marks.filter((mark) => mark.kind !== 'pin')
  const until = insights.ended_at ?? new Date().toISOString()
  // Clicks and orders stand at the beginning of their bucket, which may lie before the show's.
  const from = insights.started_at
    ? Math.floor(Date.parse(insights.started_at) / BUCKET_MS) * BUCKET_MS
    : undefined
  return {
    ...base,
    grid: { top: 64, right: 52, bottom: 58, left: 48 },
    legend: { top: 0, itemWidth: 14, itemHeight: 8 },
    tooltip: { trigger: 'axis', confine: true },
    dataZoom: [{ type: 'inside' }, { type: 'slider', height: 16, bottom: 8 }],
    xAxis: {
      type: 'time',
      min: from,
      max: until,
      axisLine: { lineStyle: { color: LINE } },
      axisLabel: { hideOverlap: true },
    },
    yAxis: [
      { type: 'value', minInterval: 1, splitLine: { lineStyle: { color: LINE } } },
      { type: 'value', minInterval: 1, splitLine: { show: false } },
    ],
    // A phone has no room for the products' names; the colours stay, the table below has the words.
    media: [
      { query: { maxWidth: 560 }, option: { series: [{ markArea: { label: { show: false } } }] } },
    ],
    series: [
      {
        name: texts.viewers,
        type: 'line',
        showSymbol: false,
        data: insights.trend.map((sample) => [sample.at, sample.viewers]),
        lineStyle: { width: 2, color: PINE },
        itemStyle: { color: PINE },
        areaStyle: { color: PINE_SOFT },
        markArea: {
          silent: true,
          label: { fontSize: 10, color: INK, position: 'insideTop' },
          data: pins.map((pin, index) => [
            {
              name: short(texts.name({ name: pin.label, name_en: pin.label_en })),
              xAxis: pin.at,
              itemStyle: { color: PIN_TINTS[index % PIN_TINTS.length] },
            },
            { xAxis: pin.ends_at ?? until },
          ]),
        },
        markLine: {
          symbol: ['none', 'circle'],
          symbolSize: 5,
          label: { fontSize: 10, rotate: 0, formatter: '{b}' },
          data: moments.map((mark, index) => ({
            name: short(texts.mark(mark.kind)),
            xAxis: mark.at,
            lineStyle: { color: MARK_COLOURS[mark.kind], type: 'solid', width: 1.3 },
            // In three rows, so that marks of the same minute can be read.
            label: { color: MARK_COLOURS[mark.kind], distance: 3 + (index % 3) * 12 },
          })),
        },
      },
      {
        name: texts.clicks,
        type: 'line',
        yAxisIndex: 1,
        showSymbol: true,
        symbolSize: 4,
        data: insights.activity.map((item) => [item.at, item.clicks]),
        lineStyle: { width: 1, type: 'dashed', color: YUZU },
        itemStyle: { color: YUZU },
      },
      {
        name: texts.orders,
        type: 'bar',
        yAxisIndex: 1,
        barMaxWidth: 8,
        data: insights.activity.filter((item) => item.orders).map((item) => [item.at, item.orders]),
        itemStyle: { color: LIVE },
      },
    ],
  }
}

export function funnelOption(insights: Insights, texts: ChartTexts): EChartsCoreOption {
  const steps = FUNNEL.map((name) => ({ name, people: insights.funnel[name] }))
  const first = steps[0]?.people || 1
  return {
    ...base,
    grid: { top: 8, right: 74, bottom: 8, left: 96 },
    xAxis: { type: 'value', show: false },
    yAxis: {
      type: 'category',
      inverse: true,
      data: steps.map((step) => texts.step(step.name)),
      axisLine: { show: false },
      axisTick: { show: false },
    },
    series: [
      {
        type: 'bar',
        barWidth: '62%',
        data: steps.map((step, index) => ({
          value: step.people,
          itemStyle: { color: index >= 4 ? LIVE : PINE, borderRadius: 4 },
          label: {
            show: true,
            position: 'right',
            formatter: `${step.people}  ${Math.round((step.people / first) * 100)}%`,
          },
        })),
      },
    ],
  }
}

/** Per product: who saw, clicked and bought, and for how much. */
export function productsOption(insights: Insights, texts: ChartTexts): EChartsCoreOption {
  const products = insights.products.slice(0, 20)
  const series = (name: string, key: 'viewers' | 'clicks' | 'orders', colour: string) => ({
    name,
    type: 'bar',
    barMaxWidth: 18,
    data: products.map((product) => product[key]),
    itemStyle: { color: colour, borderRadius: [3, 3, 0, 0] },
  })
  return {
    ...base,
    grid: { top: 34, right: 56, bottom: 52, left: 40 },
    legend: { top: 0, itemWidth: 14, itemHeight: 8 },
    tooltip: { trigger: 'axis', confine: true },
    xAxis: {
      type: 'category',
      data: products.map(texts.name),
      axisLabel: { formatter: short, interval: 0, fontSize: 10, hideOverlap: true },
    },
    yAxis: [
      { type: 'value', minInterval: 1, splitLine: { lineStyle: { color: LINE } } },
      {
        type: 'value',
        minInterval: 1,
        splitLine: { show: false },
        axisLabel: { formatter: (cents: number) => texts.money(cents) },
      },
    ],
    series: [
      series(texts.viewers, 'viewers', PINE),
      series(texts.clicks, 'clicks', YUZU),
      series(texts.orders, 'orders', LIVE),
      {
        name: texts.revenue,
        type: 'line',
        yAxisIndex: 1,
        symbolSize: 7,
        data: products.map((product) => product.revenue_cents),
        lineStyle: { width: 0 },
        itemStyle: { color: INK },
        tooltip: { valueFormatter: (cents: unknown) => texts.money(Number(cents)) },
      },
    ],
  }
}

export function sourcesOption(insights: Insights, texts: ChartTexts): EChartsCoreOption {
  return {
    ...base,
    tooltip: { trigger: 'item', confine: true },
    color: [PINE, YUZU, LIVE, '#85948d', '#3a7a68', '#c2701c'],
    series: [
      {
        type: 'pie',
        radius: ['46%', '72%'],
        label: { formatter: '{b} {d}%', fontSize: 11 },
        data: Object.entries(insights.sources).map(([name, value]) => ({
          name: name || texts.direct,
          value,
        })),
      },
    ],
  }
}
