/** JSON over fetch; every error answer is RFC 9457 problem+json and becomes an `ApiError`. */
export interface Problem {
  type?: string
  title?: string
  status: number
  code: string
  detail?: string
  [extra: string]: unknown
}

export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail || problem.title || problem.code)
    this.name = 'ApiError'
    this.status = problem.status
    this.code = problem.code
    this.problem = problem
  }
}

export interface RequestOptions {
  body?: unknown
  query?: Record<string, string | number | undefined | null>
  idempotencyKey?: string
  signal?: AbortSignal
  /** Milliseconds until the request is given up with code `timeout`. */
  timeoutMs?: number
  /** Sent to its end even when the page goes away meanwhile. */
  keepalive?: boolean
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

const DEFAULT_TIMEOUT_MS = 15_000

/** Called with every 401, so that the session store forgets a session that the server ended. */
let onUnauthorized: () => void = () => {}
export function setUnauthorizedHandler(handler: () => void): void {
  onUnauthorized = handler
}

export function buildUrl(path: string, query?: RequestOptions['query']): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null) search.set(name, String(value))
  }
  const text = search.toString()
  return `/api${path}${text ? `?${text}` : ''}`
}

export async function request<T>(
  method: Method,
  path: string,
  options: RequestOptions = {},
): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  // A form (a file) brings its own content type, with its boundary.
  const form = options.body instanceof FormData ? options.body : null
  if (options.body !== undefined && !form) headers['Content-Type'] = 'application/json'
  if (options.idempotencyKey) headers['Idempotency-Key'] = options.idempotencyKey
  const timeout = AbortSignal.timeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS)
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout

  let response: Response
  try {
    response = await fetch(buildUrl(path, options.query), {
      method,
      headers,
      credentials: 'same-origin',
      body: form ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
      keepalive: options.keepalive,
      signal,
    })
  } catch (cause) {
    if (options.signal?.aborted) throw cause
    throw new ApiError({ status: 0, code: timeout.aborted ? 'timeout' : 'network' })
  }
  if (response.status === 204) return undefined as T
  if (!response.ok) {
    const error = new ApiError(await readProblem(response))
    if (error.status === 401) onUnauthorized()
    throw error
  }
  return (await response.json()) as T
}

async function readProblem(response: Response): Promise<Problem> {
  try {
    const body: unknown = await response.json()
    if (body && typeof body === 'object') {
      const problem = body as Partial<Problem>
      return { ...problem, status: response.status, code: problem.code ?? statusCode(response) }
    }
  } catch {
    // Not JSON: a proxy answered. The status says enough.
  }
  return { status: response.status, code: statusCode(response) }
}

function statusCode(response: Response): string {
  if (response.status === 401) return 'unauthorized'
  if (response.status === 403) return 'forbidden'
  if (response.status === 404) return 'not_found'
  if (response.status === 429) return 'rate_limited'
  return response.status >= 500 ? 'server_error' : 'bad_request'
}

export const http = {
  get: <T>(path: string, options?: RequestOptions) => request<T>('GET', path, options),
  post: <T>(path: string, body?: unknown, options?: RequestOptions) =>
    request<T>('POST', path, { ...options, body }),
  put: <T>(path: string, body?: unknown, options?: RequestOptions) =>
    request<T>('PUT', path, { ...options, body }),
  patch: <T>(path: string, body?: unknown, options?: RequestOptions) =>
    request<T>('PATCH', path, { ...options, body }),
  delete: <T = void>(path: string, options?: RequestOptions) => request<T>('DELETE', path, options),
}
