import { expect, test } from 'vitest'
import type { Finding } from '@/api/moderation'
import { marksOf } from './marks'

const finding = (evidence: string): Finding => ({
  category: 'sexual',
  score: 0.9,
  detector: 'picture.nudity',
  start: 0,
  end: 0,
  evidence,
})

test('a box is a share of the picture as it was looked at', () => {
  const found = [finding('face (96,48 480x240)'), finding('加微信')]
  expect(marksOf(found, { width: 1920, height: 960 })).toEqual([
    { left: '10%', top: '10%', width: '50%', height: '50%' },
  ])
  expect(marksOf(found.slice(0, 1), { width: 640, height: 480 })).toEqual([
    { left: '15%', top: '10%', width: '75%', height: '50%' },
  ])
})
