/**
 * The contract of a route: one value that says where it is, who may call it, what it takes, what it answers and how. The API
 * registers it, checks input against its schemas, and prints it into the OpenAPI document and docs/api.md. The conformance
 * suite calls every route. Routes are named nowhere else.
 */
import Type, { type Static, type TObject, type TSchema } from 'typebox'
import type { Command, RecordedAct } from '../../schemas/command.ts'
import type { Content } from '../../schemas/excerpt.ts'
import type { Severity } from '../../schemas/finding.ts'
import type { Authenticate, Grant, Right } from '../lib/auth.ts'
import type { FindingFeed } from '../lib/finding-feed.ts'
import type { ResponderViews } from '../lib/quarantine-view.ts'
import type { WarehouseStatus } from '../lib/warehouse/port.ts'
import type { TenantReader } from './query.ts'
import type { ShownRegistry } from './permissions.ts'
import type { ShownPolicy } from './shown-policy.ts'
import type { Readiness } from './routes/probes.ts'
import type { Seats } from './streams.ts'

/** A command without what the API itself puts in. */
type Wish<C> = C extends Command ? Omit<C, 'id' | 'tenant' | 'by' | 'time'> : never

/** What the API shows of a detector. */
export interface DetectorFacts {
  readonly id: string
  readonly version: number
  readonly title: string
  readonly severity: Severity
  readonly mode: 'live' | 'shadow'
  readonly techniques: readonly string[]
  readonly falsePositives: readonly string[]
  /** What it must be given to see anything; absent: an identity and a time. */
  readonly needs?: { readonly fields: readonly (readonly string[])[]; readonly learns_ms: number }
}

/** What one request asks and may use. The tenant is the token's; what the request says of tenants is not asked. */
export interface Ask<Query = unknown, Params = unknown, Body = unknown> {
  readonly query: Query
  readonly params: Params
  readonly body: Body
  readonly grant: Grant
  /** What the configuration's tokens give, and whether a token is in force. */
  readonly tokens: Pick<Authenticate, 'configured' | 'ofDigest'>
  /** The warehouse as this tenant sees it. */
  readonly reader: TenantReader
  readonly views: ResponderViews
  /** When it was asked, in ms since 1970: what `-24h` counts from. */
  readonly now: number
  readonly detectors: readonly DetectorFacts[]
  /** Findings in the order in which they were found, from the log. */
  readonly findings: FindingFeed
  /** Records an act that is not an order. Throws LogError. */
  record(act: RecordedAct, subject: readonly string[]): Promise<void>
  /** Where the reader of a tail stopped. */
  readonly lastEventId: string | undefined
  /** Ends when the reader goes, or the service stops. */
  readonly signal: AbortSignal
  readonly seats: Seats
  /** What the configuration has done about findings of this tenant. */
  readonly policy: ShownPolicy
  /** What people have written down about the agents of this tenant. */
  readonly registry: ShownRegistry
  /** Whether words are kept at the moment. */
  readonly content: Content
  /** How the warehouse was when it was asked last. */
  warehouse(): WarehouseStatus
  readiness(): Readiness | Promise<Readiness>
  /** All routes of this API, for the documents. */
  readonly routes: readonly Route[]
  /** Sends a command as the tenant and the token of the request; gives its id. Throws Answer and LogError. */
  command(wish: Wish<Command> | Readonly<Record<string, unknown>>): Promise<string>
}

/** A route without the types of its parts: what the registry holds. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'PATCH'
  /** Below /v1, with `:name` for a parameter. */
  readonly path: string
  readonly right: Right
  /** The first sentence is the summary; the documents show all of it. */
  readonly about: string
  readonly query: TObject
  readonly params: TObject
  readonly body: TSchema | undefined
  /** The body as it is documented; `body`, which is looser, is what is checked here, and later code checks the rest and says better what is wrong. */
  readonly documentedBody?: TSchema
  /** Of the good answer; errors are the same everywhere. */
  readonly status: number
  readonly answer: TSchema
  /** Types of an answer that is no JSON. */
  readonly media: readonly string[] | undefined
  /** A request that works, for the documents and the conformance suite: `query` and `body`. */
  readonly example: { readonly query?: object; readonly body?: object }
  handle(ask: Ask<never, never, never>): Promise<unknown>
}

interface Declaration<Q extends TObject, P extends TObject, B extends TSchema> {
  readonly method: Route['method']
  readonly path: string
  readonly right: Right
  readonly about: string
  readonly query?: Q
  readonly params?: P
  readonly body?: B
  readonly documentedBody?: TSchema
  readonly status?: number
  readonly answer: TSchema
  readonly media?: readonly string[]
  readonly example?: Route['example']
  handle(ask: Ask<Static<Q>, Static<P>, Static<B>>): Promise<unknown>
}

const NONE = Type.Object({}, { additionalProperties: false })

/** Declares a route: the types of query, params and body come from their schemas. */
export function defineRoute<
  Q extends TObject = typeof NONE,
  P extends TObject = typeof NONE,
  B extends TSchema = TSchema,
>(route: Declaration<Q, P, B>): Route {
  const { query = NONE, params = NONE, body, status = 200, media, example = {} } = route
  return { ...route, query, params, body, status, media, example }
}
