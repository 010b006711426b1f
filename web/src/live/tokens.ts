import type { Endpoint, RoomTokens } from '@/api/types'

const RENEW_BEFORE_MS = 15_000

/** Shares one set of short-lived tokens between video and events, renewing it in time. */
export class TokenSource {
  private readonly fetchTokens: () => Promise<RoomTokens>
  private current: Promise<RoomTokens> | null = null
  private expiresAtMs = 0

  /** `first`: a request that is already on its way. */
  constructor(fetchTokens: () => Promise<RoomTokens>, first?: Promise<RoomTokens>) {
    this.fetchTokens = fetchTokens
    if (first) this.follow(first)
  }

  get(): Promise<RoomTokens> {
    if (this.current && Date.now() < this.expiresAtMs - RENEW_BEFORE_MS) return this.current
    return this.renew()
  }

  /** Asks anew, for example after logging in or when a token was refused. */
  renew(): Promise<RoomTokens> {
    return this.follow(this.fetchTokens())
  }

  private follow(request: Promise<RoomTokens>): Promise<RoomTokens> {
    const asked = request.then(
      (tokens) => {
        if (this.current === asked) this.expiresAtMs = Date.parse(tokens.expires_at)
        return tokens
      },
      (error: unknown) => {
        if (this.current === asked) this.current = null
        throw error
      },
    )
    asked.catch(() => {})
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
