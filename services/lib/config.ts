/**
 * Reads the service's configuration file: YAML to a checked value with every default filled in, or a list of what is
 * wrong with line numbers. A running service can watch the file; a bad one is refused and the old one stays.
 */
import { readFile } from 'node:fs/promises'
import { Compile } from 'typebox/compile'
import { Default } from 'typebox/value'
import { LineCounter, parseDocument } from 'yaml'
import type { TokenSpec } from './auth.ts'
import { type ConfigPath, type ConfigProblem, explain, locate, type SchemaError, showPath } from './config/problems.ts'
import { ServiceConfiguration, type Token } from './config/schema.ts'
import { type Names, semanticProblems } from './config/semantics.ts'
import { completeInputs, type InputTypeEntry } from './config/inputs.ts'
import { type LoadedMappings, loadMappings } from './mappings/load.ts'
import { completeSinks, type ReadSecret, type SinkTypeEntry } from './config/sinks.ts'
import { completeOidc } from './config/oidc.ts'
import { completeTokens } from './config/tokens.ts'

export type { ConfigProblem } from './config/problems.ts'
export type { ClickHouseSection, KafkaSection, RawSection } from './config/engines.ts'
export type { Policy, ServiceConfiguration, Sink } from './config/schema.ts'
export type { DetectorEntry } from './config/semantics.ts'
export type { ReadSecret } from './config/sinks.ts'

export type ConfigOutcome =
  | { readonly ok: true; readonly config: ServiceConfiguration }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

export interface ConfigOptions extends Names {
  /** Without them, a configuration may name no sinks. */
  readonly sinkTypes?: readonly SinkTypeEntry[]
  /** Without them, it may name no inputs. */
  readonly inputTypes?: readonly InputTypeEntry[]
  /** Where secrets of sinks may stand besides the file. */
  readonly readSecret?: ReadSecret
}

const PROBLEMS_MAX = 20
const compiled = Compile(ServiceConfiguration)

const failed = (problems: readonly ConfigProblem[]): ConfigOutcome => ({
  ok: false,
  problems: problems.slice(0, PROBLEMS_MAX),
})

/** A key without a value says nothing, as if it were not there: people leave empty sections. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, v]) => v !== null)
      .map(([k, v]) => [k, withoutNulls(v)]),
  )
}

const NO_MAPPINGS: LoadedMappings = { mappings: [], problems: [] }

/**
 * Checks the text of a configuration file. An empty file is the default configuration. `loaded`: what the files hold that
 * it names.
 */
export function parseConfig(
  text: string,
  options: ConfigOptions = {},
  loaded: LoadedMappings = NO_MAPPINGS,
): ConfigOutcome {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const at = (path: ConfigPath, message: string): ConfigProblem => ({
    ...locate(document, lines, path),
    path: showPath(path),
    message,
  })
  if (document.errors.length > 0) {
    return failed(
      document.errors.map((error) => {
        const { line, col } = lines.linePos(error.pos[0])
        // The library's sentences may quote the file; its code says the same without a secret in it.
        return { line, column: col, path: '', message: `is not YAML: ${error.code.toLowerCase().replaceAll('_', ' ')}` }
      }),
    )
  }
  let raw: unknown
  try {
    raw = withoutNulls(document.toJS({ maxAliasCount: 100 }) ?? {})
  } catch {
    return failed([at([], 'has aliases that do not resolve, or that unfold to too much')])
  }
  const value = Default(ServiceConfiguration, raw)
  if (!compiled.Check(value)) {
    const found = [...compiled.Errors(value)]
      .flatMap((error) => explain(error as SchemaError, ServiceConfiguration, value))
      .map(({ path, message }) => at(path, message))
    return failed(found.length > 0 ? found : [at([], 'is not a configuration')])
  }
  const { sinks, problems } = completeSinks(value.sinks, options.sinkTypes ?? [], options.readSecret)
  const { tokens, problems: unread } = completeTokens(value.tokens, options.readSecret)
  const opened = completeInputs(value.inputs, options.inputTypes ?? [], value.tokens)
  const signIn = completeOidc(value.oidc, options.readSecret)
  const { oidc: _given, ...others } = value
  const config: ServiceConfiguration = {
    ...others,
    ...(signIn.oidc === undefined ? {} : { oidc: signIn.oidc }),
    sinks,
    tokens,
    inputs: opened.inputs,
    mapped: loaded.mappings,
  }
  const wrong = [
    ...problems,
    ...unread,
    ...signIn.problems,
    ...opened.problems,
    ...loaded.problems,
    ...semanticProblems(config, options),
  ].map(({ path, message }) => at(path, message))
  return wrong.length > 0 ? failed(wrong) : { ok: true, config }
}

export const defaultConfig = (): ServiceConfiguration => {
  const outcome = parseConfig('')
  if (!outcome.ok) throw new Error(`the default configuration is not valid: ${outcome.problems[0]?.message}`)
  return outcome.config
}

/** Reads and checks the file. */
export async function loadConfig(path: string, options: ConfigOptions = {}): Promise<ConfigOutcome> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    return failed([{ line: 0, column: 0, path: '', message: `cannot be read: ${code}` }])
  }
  // Which files it names, before it is known what formats they are.
  const { formats = [], ...others } = options
  const outcome = parseConfig(text, others)
  if (!outcome.ok || outcome.config.mappings.length === 0) return parseConfig(text, options)
  const taken = ['auto', 'otlp_proto', ...formats]
  return parseConfig(text, options, await loadMappings(path, outcome.config.mappings, taken))
}

/** One line per problem, as compilers write them: `moltwatch.yaml:3:5: sinks[0].url is not a URL`. */
export const formatProblems = (file: string, problems: readonly ConfigProblem[]): string =>
  problems
    .map(
      (p) => `${file}${p.line === 0 ? '' : `:${p.line}:${p.column}`}: ${p.path}${p.path === '' ? '' : ' '}${p.message}`,
    )
    .join('\n')

/** The tokens in the form that `createAuthenticator` takes. */
export const tokenSpecs = (tokens: readonly Token[]): TokenSpec[] =>
  tokens.map(({ name, tenant, role, scopes, identities, proxies, formats, token, sha256 }) => ({
    name,
    tenant,
    role: role === 'sender' ? 'ingest' : role,
    scopes,
    ...(identities === undefined ? {} : { identities }),
    ...(proxies === undefined ? {} : { proxies }),
    ...(formats === undefined ? {} : { formats }),
    ...(token === undefined ? { sha256: sha256 ?? '' } : { token }),
  }))

export interface ConfigWatch {
  readonly path: string
  /** What is in force: a change between reading that and the first look is a change, too. */
  readonly inForce?: ServiceConfiguration
  readonly options?: ConfigOptions
  /** How often the file is looked at, in ms. Reading it sees every way in which editors and clusters replace a file. */
  readonly everyMs?: number
  onChange(config: ServiceConfiguration): void
  /** The file is bad: what was read before stays in force. Said once per state of the file. */
  onProblems(problems: readonly ConfigProblem[]): void
}

/** Watches the file until the returned function is called. */
export function watchConfig(watch: ConfigWatch): () => void {
  let last = watch.inForce === undefined ? undefined : JSON.stringify({ ok: true, config: watch.inForce })
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const look = async (): Promise<void> => {
    const outcome = await loadConfig(watch.path, watch.options)
    const now = JSON.stringify(outcome)
    const isNews = last !== undefined && last !== now
    last = now
    if (stopped) return
    if (isNews && outcome.ok) watch.onChange(outcome.config)
    else if (isNews && !outcome.ok) watch.onProblems(outcome.problems)
    timer = setTimeout(() => void look(), watch.everyMs ?? 1_000).unref()
  }
  void look()
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
