/**
 * What the shape of the configuration cannot say: secrets that are secrets, URLs that may be called, names that are there
 * once, detectors that exist and settings that they take.
 */
import ipaddr from 'ipaddr.js'
import type { TObject } from 'typebox'
import { Errors } from 'typebox/value'
import type { DetectionConfiguration } from '../../../schemas/configuration.ts'
import { isOddPattern } from '../patterns.ts'
import { type ConfigPath, explain, type Located, unknownWord } from './problems.ts'
import type { ServiceConfiguration, TenantPolicy } from './schema.ts'

/** What the configuration may say of detectors; handed in by who knows the registry. */
export interface DetectorEntry {
  readonly id: string
  readonly settings: TObject
}

function* tokenProblems(tokens: ServiceConfiguration['tokens']): Generator<Located> {
  const names = new Set<string>()
  const values = new Set<string>()
  for (const [i, token] of tokens.entries()) {
    if (names.has(token.name)) yield { path: ['tokens', i, 'name'], message: 'two tokens have this name' }
    names.add(token.name)
    const value = token.token ?? token.sha256
    if ((token.token === undefined) === (token.sha256 === undefined)) {
      yield { path: ['tokens', i], message: 'must hold one of token, sha256, token_file and token_env' }
    } else if (value !== undefined && values.has(value)) {
      yield { path: ['tokens', i], message: 'is the same as another one: each stands for one tenant and role' }
    }
    if (value !== undefined) values.add(value)
    const odd = token.proxies?.find((range) => !ipaddr.isValid(range) && !ipaddr.isValidCIDR(range))
    if (odd !== undefined)
      yield {
        path: ['tokens', i, 'proxies'],
        message: `must hold addresses and ranges such as 203.0.113.0/24, not ${odd}`,
      }
    if (token.identities?.some(isOddPattern) === true)
      yield { path: ['tokens', i, 'identities'], message: 'may have a * at the end of an identity only' }
    if (token.tenant === '*') yield { path: ['tokens', i, 'tenant'], message: 'must be one tenant' }
  }
}

function detectorPatternProblem(pattern: string, detectors: readonly DetectorEntry[]): string | undefined {
  const star = pattern.indexOf('*')
  if (star >= 0 && star !== pattern.length - 1) return 'may have a * at its end only'
  const matches = (id: string): boolean => (star < 0 ? id === pattern : id.startsWith(pattern.slice(0, -1)))
  if (detectors.some(({ id }) => matches(id))) return undefined
  return unknownWord(
    'detector',
    pattern,
    detectors.map(({ id }) => id),
  )
}

function* policyProblems(
  policy: TenantPolicy,
  at: ConfigPath,
  detectors: readonly DetectorEntry[] | undefined,
): Generator<Located> {
  for (const [i, rule] of (policy.rules ?? []).entries()) {
    if (detectors === undefined || rule.detector === '*') continue
    const message = detectorPatternProblem(rule.detector, detectors)
    if (message !== undefined) yield { path: [...at, 'rules', i, 'detector'], message }
  }
  if (policy.protected?.some(isOddPattern) === true) {
    yield { path: [...at, 'protected'], message: 'may have a * at the end of an identity only' }
  }
}

/** What the detectors do not take: ids that do not exist, settings that their schemas refuse. */
export function* detectionProblems(
  detection: DetectionConfiguration,
  detectors: readonly DetectorEntry[],
): Generator<Located> {
  const ids = detectors.map(({ id }) => id)
  for (const [id, override] of Object.entries(detection.detectors)) {
    const detector = detectors.find((d) => d.id === id)
    if (detector === undefined) {
      yield { path: ['detectors', id], message: unknownWord('detector', id, ids) }
      continue
    }
    // Absent settings have defaults: only the given ones are checked.
    const given = { ...detector.settings, required: [], additionalProperties: false }
    for (const error of Errors(given, override.settings ?? {})) {
      for (const { path, message } of explain(error, given, override.settings)) {
        yield { path: ['detectors', id, 'settings', ...path], message }
      }
    }
  }
  for (const [i, suppression] of detection.suppressions.entries()) {
    if (suppression.detector !== '*' && !ids.includes(suppression.detector)) {
      yield {
        path: ['suppressions', i, 'detector'],
        message: unknownWord('detector', suppression.detector, ids),
      }
    }
  }
}

function* engineProblems({ kafka, clickhouse }: ServiceConfiguration): Generator<Located> {
  if (kafka?.sasl !== undefined && (kafka.sasl.password === undefined) === (kafka.sasl.password_env === undefined)) {
    yield { path: ['kafka', 'sasl'], message: 'must hold either password or password_env' }
  }
  if (kafka?.sasl?.mechanism === 'plain' && !kafka.ssl) {
    yield { path: ['kafka', 'sasl', 'mechanism'], message: 'plain sends the password in clear: it needs ssl: true' }
  }
  if (kafka?.ca_file !== undefined && !kafka.ssl) {
    yield { path: ['kafka', 'ca_file'], message: 'is of use with ssl: true only' }
  }
  const { replication_factor: replicas, min_insync: inSync } = kafka ?? {}
  if (replicas !== undefined && inSync !== undefined && inSync > replicas) {
    yield { path: ['kafka', 'min_insync'], message: 'cannot be more than replication_factor: nothing could be written' }
  }
  if (clickhouse !== undefined) {
    const url = URL.parse(clickhouse.url)
    if (url === null || !['http:', 'https:'].includes(url.protocol)) {
      yield { path: ['clickhouse', 'url'], message: 'must be an http or https URL' }
    } else if (url.username !== '' || url.password !== '') {
      yield { path: ['clickhouse', 'url'], message: 'must not hold a user or password: they have keys of their own' }
    }
    if (clickhouse.password !== undefined && clickhouse.password_env !== undefined) {
      yield { path: ['clickhouse'], message: 'must hold either password or password_env' }
    }
  }
}

function* formatProblems(config: ServiceConfiguration, formats: readonly string[] | undefined): Generator<Located> {
  if (formats === undefined) return
  const mapped = config.mapped.map(({ name }) => name)
  for (const [i, token] of config.tokens.entries()) {
    const odd = token.formats?.find((one) => ![...formats, ...mapped].includes(one))
    if (odd !== undefined)
      yield { path: ['tokens', i, 'formats'], message: unknownWord('format', odd, [...formats, ...mapped]) }
  }
  const names = ['auto', ...formats, ...mapped]
  for (const [i, { format }] of config.inputs.entries()) {
    if (typeof format !== 'string' || names.includes(format)) continue
    yield { path: ['inputs', i, 'format'], message: unknownWord('format', format, names) }
  }
  const format = config.raw?.format
  if (format === undefined) return
  const known = ['auto', ...formats, 'otlp_proto', ...mapped]
  if (!known.includes(format)) yield { path: ['raw', 'format'], message: `must be one of ${known.join(', ')}` }
}

/** Names that the file may use; an undefined list is not checked. */
export interface Names {
  readonly detectors?: readonly DetectorEntry[]
  /** Ids of formats. */
  readonly formats?: readonly string[]
}

/** All of it. */
export function* semanticProblems(config: ServiceConfiguration, { detectors, formats }: Names): Generator<Located> {
  yield* formatProblems(config, formats)
  yield* tokenProblems(config.tokens)
  yield* engineProblems(config)
  yield* policyProblems(config.policy, ['policy'], detectors)
  for (const [tenant, policy] of Object.entries(config.policy.tenants)) {
    yield* policyProblems(policy, ['policy', 'tenants', tenant], detectors)
  }
  if (detectors === undefined) return
  for (const { path, message } of detectionProblems(config.detection, detectors)) {
    yield { path: ['detection', ...path], message }
  }
}
