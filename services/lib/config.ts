/**
 * Reads the service's configuration file: YAML to a checked value with every default filled in, or a list of faults with
 * line numbers. A running service can watch the file; a bad one is refused and the old one stays in force.
 */
import { Compile } from 'typebox/compile'
import { Default } from 'typebox/value'
import type { TokenSpec } from './auth.ts'
import { located, PROBLEMS_MAX } from './config/beside.ts'
import { type ConfigProblem, explainAll, type Located, showPath } from './config/problems.ts'
import { ServiceConfiguration, type Token } from './config/schema.ts'
import { type Names, semanticProblems } from './config/semantics.ts'
import { loadAgents } from './config/agents.ts'
import { loadTenants } from './config/tenants.ts'
import { completeInputs, type InputTypeEntry } from './config/inputs.ts'
import { type LoadedMappings, loadMappings } from './mappings/load.ts'
import { withoutNulls } from './config/nulls.ts'
import type { ReadSecret } from './config/read-secret.ts'
import { completeSinks, type SinkTypeEntry } from './config/sinks.ts'
import { completeOidc } from './config/oidc.ts'
import { completeTokens } from './config/tokens.ts'
import { parseYaml } from './yaml/parse.ts'
import { createYamlReader, type YamlReader } from './yaml/read.ts'

export type { ConfigProblem } from './config/problems.ts'
export type { ClickHouseSection, KafkaSection, RawSection } from './config/engines.ts'
export type { Policy, ServiceConfiguration, Sink } from './config/schema.ts'
export type { DetectorEntry } from './config/semantics.ts'
export type { ReadSecret } from './config/read-secret.ts'

export type ConfigOutcome =
  | { readonly ok: true; readonly config: ServiceConfiguration }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

export interface ConfigOptions extends Names {
  /** Without them, a configuration may name no sinks. */
  readonly sinkTypes?: readonly SinkTypeEntry[]
  /** Without them, it may name no inputs. */
  readonly inputTypes?: readonly InputTypeEntry[]
  /** Where secrets of sinks may be stored outside the file. */
  readonly readSecret?: ReadSecret
  /** How the files are read. Default: each is read every time. */
  readonly read?: YamlReader
}

const compiled = Compile(ServiceConfiguration)

const failed = (problems: readonly ConfigProblem[]): ConfigOutcome => ({
  ok: false,
  problems: problems.slice(0, PROBLEMS_MAX),
})

const NO_MAPPINGS: LoadedMappings = { mappings: [], problems: [] }

type Checked =
  | { readonly ok: true; readonly config: ServiceConfiguration }
  | { readonly ok: false; readonly found: readonly Located[] }

/** Checks what a configuration file says. `loaded`: what the files of mappings hold that it names. */
function checkConfig(given: unknown, options: ConfigOptions, loaded: LoadedMappings): Checked {
  const value = Default(ServiceConfiguration, withoutNulls(given ?? {}))
  if (!compiled.Check(value)) {
    const found = explainAll(compiled.Errors(value), ServiceConfiguration, value, 'is not a configuration')
    return { ok: false, found }
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
    layersOfTenants: {},
    agents: {},
    mapped: loaded.mappings,
  }
  const found = [
    ...problems,
    ...unread,
    ...signIn.problems,
    ...opened.problems,
    ...loaded.problems,
    ...semanticProblems(config, options),
  ]
  return found.length > 0 ? { ok: false, found } : { ok: true, config }
}

/** Checks the text of a configuration file. An empty file is the default configuration. */
export function parseConfig(text: string, options: ConfigOptions = {}): ConfigOutcome {
  const read = parseYaml(text)
  if (!read.ok) return failed(read.problems.map((problem) => ({ ...problem, path: '' })))
  const checked = checkConfig(read.value, options, NO_MAPPINGS)
  if (checked.ok) return checked
  return failed(checked.found.map(({ path, message }) => ({ ...read.locate(path), path: showPath(path), message })))
}

export const defaultConfig = (): ServiceConfiguration => {
  const outcome = parseConfig('')
  if (!outcome.ok) throw new Error(`the default configuration is not valid: ${outcome.problems[0]?.message}`)
  return outcome.config
}

/** Reads and checks the file and what is next to it: the mappings that it names, the settings of tenants, the trust registries. */
export async function loadConfig(path: string, options: ConfigOptions = {}): Promise<ConfigOutcome> {
  const { read = createYamlReader(), formats = [], ...others } = options
  const file = await read(path)
  if (!file.ok) return failed(file.problems.map((problem) => ({ ...problem, path: '' })))
  // Which files it names, before it is known what formats they are.
  let checked = checkConfig(file.value, others, NO_MAPPINGS)
  if (checked.ok) {
    const taken = ['auto', 'otlp_proto', ...formats]
    const loaded = await loadMappings(path, checked.config.mappings, { taken, read })
    checked = checkConfig(file.value, options, loaded)
  }
  const { layersOfTenants, problems: ofTenants } = await loadTenants(path, read, options.detectors)
  const { agents, problems: ofAgents } = await loadAgents(path, read)
  const problems = [...ofTenants, ...ofAgents]
  if (checked.ok && problems.length === 0) return { ok: true, config: { ...checked.config, layersOfTenants, agents } }
  const here = checked.ok ? [] : await located(file, checked.found)
  return failed([...here, ...problems])
}

/** One line per problem, as compilers write them: `moltwatch.yaml:3:5: sinks[0].url is not a URL`. */
export const formatProblems = (file: string, problems: readonly ConfigProblem[]): string =>
  problems
    .map(
      (p) =>
        `${p.file ?? file}${p.line === 0 ? '' : `:${p.line}:${p.column}`}: ${p.path}${p.path === '' ? '' : ' '}${p.message}`,
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
  /** The configuration in force: a change between reading it and the first look counts, too. */
  readonly inForce?: ServiceConfiguration
  readonly options?: ConfigOptions
  /** How often the file is looked at, in ms. Reading it sees every way in which editors and clusters replace a file. */
  readonly everyMs?: number
  onChange(config: ServiceConfiguration): void
  /** The file is bad: the previous configuration stays in force. Called once per state of the file. */
  onProblems(problems: readonly ConfigProblem[]): void
}

/**
 * Watches the file until the returned function is called. What two looks in a row see counts: a file is empty for a moment while
 * it is written, and an empty one would be a configuration without a single sink or token.
 */
export function watchConfig(watch: ConfigWatch): () => void {
  let told = watch.inForce === undefined ? undefined : JSON.stringify({ ok: true, config: watch.inForce })
  let before: string | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const options = { read: createYamlReader(), ...watch.options }
  const look = async (): Promise<void> => {
    const outcome = await loadConfig(watch.path, options)
    const now = JSON.stringify(outcome)
    const isSettled = now === before
    before = now
    if (stopped) return
    told ??= now
    if (isSettled && now !== told) {
      told = now
      if (outcome.ok) watch.onChange(outcome.config)
      else watch.onProblems(outcome.problems)
    }
    timer = setTimeout(() => void look(), watch.everyMs ?? 1_000).unref()
  }
  void look()
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
