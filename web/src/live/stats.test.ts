import { expect, it } from 'vitest'
import { adviseUplink, gradeUplink, UplinkMeter } from './stats'

const report = (timestamp: number, bytesSent: number) => [
  {
    type: 'outbound-rtp',
    kind: 'video',
    timestamp,
    bytesSent,
    framesPerSecond: 30,
    frameWidth: 1280,
    frameHeight: 720,
    qualityLimitationReason: 'none',
  },
  { type: 'outbound-rtp', kind: 'audio', timestamp, bytesSent: 0 },
  { type: 'remote-inbound-rtp', kind: 'video', roundTripTime: 0.042, fractionLost: 0.01 },
]

it('measures the uplink between two reports', () => {
  const meter = new UplinkMeter()
  expect(meter.measure(report(1_000, 0))).toBe(null)
  expect(meter.measure(report(3_000, 500_000))).toEqual({
    bitrateBps: 2_000_000,
    rttMs: 42,
    loss: 0.01,
    framesPerSecond: 30,
    width: 1280,
    height: 720,
    limitedBy: 'none',
  })
})

it('starts over when the counters do, after a reconnect', () => {
  const meter = new UplinkMeter()
  meter.measure(report(1_000, 500_000))
  expect(meter.measure(report(2_000, 100))).toBe(null)
  expect(meter.measure(report(3_000, 125_100))?.bitrateBps).toBe(1_000_000)
})

it('grades by what a viewer would notice', () => {
  const good = {
    bitrateBps: 2_000_000,
    rttMs: 40,
    loss: 0,
    framesPerSecond: 30,
    width: 1280,
    height: 720,
    limitedBy: null,
  }
  expect(gradeUplink(good)).toBe('good')
  expect(gradeUplink({ ...good, rttMs: 200 })).toBe('fair')
  expect(gradeUplink({ ...good, loss: 0.08 })).toBe('poor')
  expect(gradeUplink({ ...good, bitrateBps: 100_000 })).toBe('good')
  expect(gradeUplink({ ...good, bitrateBps: 100_000, limitedBy: 'bandwidth' })).toBe('poor')
  expect(gradeUplink({ ...good, bitrateBps: 400_000, limitedBy: 'bandwidth' })).toBe('fair')
  expect(gradeUplink({ ...good, framesPerSecond: 6, limitedBy: 'cpu' })).toBe('poor')
})

it('advises on what hurts most', () => {
  const good = {
    bitrateBps: 2_000_000,
    rttMs: 40,
    loss: 0,
    framesPerSecond: 30,
    width: 1280,
    height: 720,
    limitedBy: null,
  }
  expect(adviseUplink(good)).toBe(null)
  expect(adviseUplink({ ...good, rttMs: 200 })).toBe('delay')
  expect(adviseUplink({ ...good, rttMs: 200, loss: 0.08 })).toBe('loss')
  expect(adviseUplink({ ...good, bitrateBps: 400_000, limitedBy: 'bandwidth' })).toBe('bandwidth')
  expect(adviseUplink({ ...good, framesPerSecond: 6, limitedBy: 'cpu' })).toBe('cpu')
})
