import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AudienceReporter, sourceOf } from './audience'

describe('what is told of the audience', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    vi.stubGlobal('window', { location: { search: '', host: 'shop.test' } })
    vi.stubGlobal('document', { referrer: '' })
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it('goes in batches, the same card once', () => {
    const sent: string[][] = []
    const reporter = new AudienceReporter('room', (_room, events) => {
      sent.push(events.map((event) => `${event.kind} ${event.product_id ?? ''}`.trim()))
    })
    reporter.report('seen', null, true)
    for (let turn = 0; turn < 3; turn += 1) reporter.report('card_shown', 'mask', true)
    reporter.report('card_clicked', 'mask')
    reporter.report('card_clicked', 'mask')
    expect(sent).toEqual([])
    vi.advanceTimersByTime(2_000)
    expect(sent).toEqual([['seen', 'card_shown mask', 'card_clicked mask', 'card_clicked mask']])
    for (let turn = 0; turn < 60; turn += 1) reporter.report('card_clicked', 'mask')
    reporter.flush()
    vi.advanceTimersByTime(2_000)
    expect(sent.slice(1).map((events) => events.length)).toEqual([50, 10])
  })

  it('knows where somebody came from', () => {
    const location = { search: '', host: 'shop.test' }
    expect(sourceOf({ ...location, search: '?from=wechat' }, 'https://x.test/')).toBe('wechat')
    expect(sourceOf(location, 'https://news.test/a')).toBe('news.test')
    expect(sourceOf(location, 'https://shop.test/')).toBe('')
    expect(sourceOf(location, '')).toBe('')
  })
})
