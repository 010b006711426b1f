import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { RoomTokens } from '@/api/types'
import { TokenSource } from './tokens'

const NOW = Date.parse('2026-01-01T00:00:00Z')

function tokens(name: string, lifetimeS = 60): RoomTokens {
  const endpoint = { url: 'http://x', token: name }
  return {
    gateway: endpoint,
    whep: endpoint,
    whip: null,
    ice_servers: [],
    expires_at: new Date(Date.now() + lifetimeS * 1000).toISOString(),
  }
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW })
})
afterEach(() => {
  vi.useRealTimers()
})

it('shares one request between callers and renews shortly before the end', async () => {
  const fetchTokens = vi.fn(() => Promise.resolve(tokens(`t${fetchTokens.mock.calls.length}`)))
  const source = new TokenSource(fetchTokens)
  const both = await Promise.all([source.endpoint('gateway'), source.endpoint('whep')])
  expect(both.map((endpoint) => endpoint.token)).toEqual(['t1', 't1'])
  vi.advanceTimersByTime(44_000)
  expect((await source.endpoint('whep')).token).toBe('t1')
  vi.advanceTimersByTime(2_000)
  expect((await source.endpoint('whep')).token).toBe('t2')
})

it('takes a request that is already on its way', async () => {
  const fetchTokens = vi.fn(() => Promise.resolve(tokens('later')))
  const source = new TokenSource(fetchTokens, Promise.resolve(tokens('early')))
  expect((await source.endpoint('whep')).token).toBe('early')
  expect(fetchTokens).not.toHaveBeenCalled()
})

it('asks again after a failure', async () => {
  const fetchTokens = vi
    .fn<() => Promise<RoomTokens>>()
    .mockRejectedValueOnce(new Error('offline'))
    .mockImplementation(() => Promise.resolve(tokens('second')))
  const source = new TokenSource(fetchTokens)
  await expect(source.get()).rejects.toThrow('offline')
  expect((await source.endpoint('whep')).token).toBe('second')
})

it('refuses what this user has no token for', async () => {
  const source = new TokenSource(() => Promise.resolve(tokens('t')))
  await expect(source.endpoint('whip')).rejects.toThrow('no whip')
})
