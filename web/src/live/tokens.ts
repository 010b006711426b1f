import type { Endpoint, RoomTokens } from '@/api/types'

const RENEW_BEFORE_MS = 15_000

/** Shares one set of short-lived tokens between video and events, renewing it in time. */
export class TokenSource {
  private readonly fetchTokens: () => Promise<RoomTokens>
  private current: Promise<RoomTokens> | null = null
  private expiresAtMs = 0

  constructor(fetchTokens: () => Promise<RoomTokens>) {
    this.fetchTokens = fetchTokens
  }

  get(): Promise<RoomTokens> {
    if (this.current && Date.now() < this.expiresAtMs - RENEW_BEFORE_MS) return this.current
    return this.renew()
  }

  /** Asks anew, for example after logging in or when a token was refused. */
  renew(): Promise<RoomTokens> {
    const asked = this.fetchTokens().then(
      (tokens) => {
        this.expiresAtMs = Date.parse(tokens.expires_at)
        return tokens
      },
      (error: unknown) => {
        if (this.current === asked) this.current = null
        throw error
      },
    )
    // Until the answer says otherwise, callers of the next moments share this request.
    this.expiresAtMs = Date.now() + 2 * RENEW_BEFORE_MS
    this.current = asked
    return asked
  }

  async endpoint(name: 'gateway' | 'whep' | 'whip'): Promise<Endpoint> {
    const tokens = await this.get()
    const endpoint = tokens[name]
    if (!endpoint) throw new Error(`no ${name} for this user`)
    return { ...endpoint, ice_servers: tokens.ice_servers }
  }
}
