/**
 * Asks the API. The browser keeps the session in a cookie that no script can read; requests that change something carry
 * the session's CSRF token. An answer that is no success becomes an `ApiError` whose message is for people.
 */

/** What the API refused, and why. */
export class ApiError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.name = 'ApiError'
    this.status = status
  }
}

export interface Session {
  readonly name: string
  readonly tenant: string
  readonly role: string
  /** Sent back in the header `x-csrf-token` with every request that changes something. */
  readonly csrf_token: string
}

const SESSION = '/console/session'

let session: Session | undefined

/** Told when the session has ended, so that the page can ask for a new one. */
let onSessionEnd: () => void = () => undefined
export const whenSessionEnds = (listener: () => void): void => {
  onSessionEnd = listener
}

interface Refusal {
  readonly error?: { readonly message?: string }
}

async function refusalOf(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as Refusal
  return new ApiError(response.status, body.error?.message ?? `the service answered ${response.status}`)
}

async function send(method: string, path: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = {}
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (method !== 'GET' && session !== undefined) headers['x-csrf-token'] = session.csrf_token
  const init: RequestInit = { method, headers, credentials: 'same-origin' }
  if (body !== undefined) init.body = JSON.stringify(body)
  let response: Response
  try {
    response = await fetch(path, init)
  } catch {
    throw new ApiError(0, 'moltwatch does not answer. Is it running?')
  }
  if (response.ok) return response
  if (response.status === 401 && path !== SESSION) onSessionEnd()
  throw await refusalOf(response)
}

/** Parameters of an address. */
export type Query = Readonly<Record<string, string | number | undefined>>

/** An address with query parameters; those that are undefined or empty are left out. */
export function addressOf(path: string, query: Query): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') parameters.set(name, String(value))
  }
  return parameters.size === 0 ? path : `${path}?${parameters}`
}

/** GET with query parameters. Throws ApiError. */
export async function get<T>(path: string, query: Query = {}): Promise<T> {
  return (await send('GET', addressOf(path, query))).json() as Promise<T>
}

/** POST, PUT, PATCH or DELETE with a JSON body. Throws ApiError. */
export async function change<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const response = await send(method, path, body ?? (method === 'POST' ? {} : undefined))
  return (response.status === 204 ? undefined : await response.json()) as T
}

/** The session that the cookie stands for; undefined where there is none. Throws ApiError. */
export async function currentSession(): Promise<Session | undefined> {
  const response = await send('GET', SESSION)
  session = response.status === 204 ? undefined : ((await response.json()) as Session)
  return session
}

/** Opens a session with an API token. Throws ApiError. */
export async function logIn(token: string): Promise<Session> {
  session = await change<Session>('POST', SESSION, { token })
  return session
}

/** The provider at which people sign in; undefined where the configuration names none. Throws ApiError. */
export async function signInProvider(): Promise<string | undefined> {
  return (await get<{ readonly oidc: { readonly name: string } | null }>('/console/sign-in')).oidc?.name
}

/** Ends the session, and where the provider has one of its own, leads there to end that, too. */
export async function logOut(): Promise<void> {
  const ended = await change<{ readonly sign_out_url: string } | undefined>('DELETE', SESSION)
  session = undefined
  if (ended === undefined) onSessionEnd()
  else location.assign(ended.sign_out_url)
}
