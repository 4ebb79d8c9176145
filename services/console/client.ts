/**
 * Asks the API, by the types of its OpenAPI document: an operation takes and answers what the routes declare. The browser keeps the session in a cookie that no script can read; requests that change something carry
 * the session's CSRF token. An answer that is no success becomes an `ApiError` whose message is for people.
 */
import type { Operations } from './api.types.ts'

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

/** An address with query parameters; those that are undefined or empty are left out. */
export function addressOf(path: string, query: object): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') parameters.set(name, String(value))
  }
  return parameters.size === 0 ? path : `${path}?${parameters}`
}

type Method = keyof Operations
/** Paths of the document that a method is known for: `/v1/incidents/{id}`. */
export type PathOf<M extends Method> = keyof Operations[M]

interface Operation {
  readonly path: object
  readonly query: object
  readonly body: unknown
  readonly answer: unknown
}
type At<M extends Method, P extends PathOf<M>> = Operations[M][P] extends infer O extends Operation ? O : never

/** What an operation answers. */
export type Answer<M extends Method, P extends PathOf<M>> = At<M, P>['answer']

/** One part of a request; optional if everything in it is optional. */
type Part<Name extends string, T> = [T] extends [undefined]
  ? { readonly [N in Name]?: undefined }
  : Record<never, never> extends T
    ? { readonly [N in Name]?: T }
    : { readonly [N in Name]: T }

/** The parameters in the path, the query and the body that an operation takes. */
export type Asked<M extends Method, P extends PathOf<M>> = Part<'path', At<M, P>['path']> &
  Part<'query', At<M, P>['query']> &
  Part<'body', At<M, P>['body']>

interface Loose {
  readonly path?: object | undefined
  readonly query?: object | undefined
  readonly body?: unknown
}

/** The address of an operation, its parameters put in and escaped. */
export function hrefOf<P extends PathOf<'GET'>>(path: P, asked: Asked<'GET', P>): string {
  return looseHref(path, asked)
}

function looseHref(path: PropertyKey, { path: values = {}, query = {} }: Loose): string {
  const byName = new Map(Object.entries(values))
  const filled = String(path).replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(byName.get(name))),
  )
  return addressOf(filled, query)
}

/** GET. Throws ApiError. */
export async function get<P extends PathOf<'GET'>>(path: P, asked: Asked<'GET', P>): Promise<Answer<'GET', P>> {
  return (await send('GET', looseHref(path, asked))).json() as Promise<Answer<'GET', P>>
}

type Changing = Exclude<Method, 'GET'>

/** POST, PATCH or DELETE, with an optional JSON body. Throws ApiError. */
export async function change<M extends Changing, P extends PathOf<M>>(
  method: M,
  path: P,
  asked: Asked<M, P>,
): Promise<Answer<M, P>> {
  const loose: Loose = asked
  return changed(method, looseHref(path, loose), loose.body)
}

async function changed<T>(method: Changing, address: string, body?: unknown): Promise<T> {
  const response = await send(method, address, body ?? (method === 'POST' ? {} : undefined))
  return (response.status === 204 ? undefined : await response.json()) as T
}

/** The session of the cookie; undefined if there is none. Throws ApiError. */
export async function currentSession(): Promise<Session | undefined> {
  const response = await send('GET', SESSION)
  session = response.status === 204 ? undefined : ((await response.json()) as Session)
  return session
}

/** Opens a session with an API token. Throws ApiError. */
export async function logIn(token: string): Promise<Session> {
  session = await changed<Session>('POST', SESSION, { token })
  return session
}

/** The provider at which people sign in; undefined where the configuration names none. Throws ApiError. */
export async function signInProvider(): Promise<string | undefined> {
  const answer = (await (await send('GET', '/console/sign-in')).json()) as { oidc: { readonly name: string } | null }
  return answer.oidc?.name
}

/** Ends the session. If the provider has a session, too, leads there to end it. */
export async function logOut(): Promise<void> {
  const ended = await changed<{ readonly sign_out_url: string } | undefined>('DELETE', SESSION)
  session = undefined
  if (ended === undefined) onSessionEnd()
  else location.assign(ended.sign_out_url)
}
