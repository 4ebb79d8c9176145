/**
 * Who may import whom. Imports run one way: schemas, then detectors and services/lib, then the services, then the place that
 * puts them together. The tables below define all of it; the rules in this folder only look things up in them.
 */

/** Parts of the tree, by the beginning of their path; the first that fits is a file's area. */
const AREAS = [
  ['schemas', /^schemas\//],
  ['detectors', /^detectors\//],
  ['services/lib', /^services\/lib\//],
  ['roles', /^services\/roles\//],
  ['composition', /^services\/(?:main\.ts$|commands\/)/],
  ['console', /^services\/console\//],
  ['engine', /^services\/detector\/engine\//],
  ['services', /^services\/[^/]+\//],
  ['infra', /^infra\//],
  ['scripts', /^scripts\//],
  ['test', /^test\//],
  ['root', /^[^/]+$/],
] as const

export type Area = (typeof AREAS)[number][0]

/** The area of a path relative to the root; undefined if no code belongs there. */
export const areaOf = (path: string): Area | undefined => AREAS.find(([, pattern]) => pattern.test(path))?.[0]

/** The service that a path belongs to (`collector`); undefined outside of services and in services/lib. */
export const serviceOf = (path: string): string | undefined => {
  const area = areaOf(path)
  return area === 'services' || area === 'engine' ? path.split('/')[1] : undefined
}

/** What the core may not do: it is a function of its records, so that a replay is one too. */
export const CORE: readonly Area[] = ['schemas', 'detectors', 'engine']

/** Libraries that compute and do nothing else: no clock, no random, no file, no network. */
export const PURE_PACKAGES: ReadonlySet<string> = new Set([
  'ipaddr.js',
  'simple-statistics',
  'stemmer',
  'tldts',
  'typebox',
])

/** Node's own modules that the core may use, each for these names and where said, only there. */
export const CORE_NODE_MODULES: ReadonlyMap<string, { names: readonly string[]; only?: readonly string[] }> = new Map([
  ['node:crypto', { names: ['hash', 'createHash'] }],
  [
    'node:zlib',
    {
      names: ['constants', 'crc32', 'zstdCompressSync', 'zstdDecompressSync'],
      only: ['schemas/frame.ts', 'services/detector/engine/'],
    },
  ],
])

/** Packages that one place wraps, so that nothing else depends on them; by the beginning of the path. Tests may use all. */
export const PACKAGE_HOMES: ReadonlyMap<string, string> = new Map([
  ['kafkajs', 'services/lib/log/kafka/'],
  ['@bufbuild/protobuf', 'services/collector/protobuf/'],
  ['node:sqlite', 'services/lib/log/sqlite/'],
  ['@clickhouse/client', 'services/lib/warehouse/'],
  ['chdb', 'services/lib/warehouse/'],
  ['pino', 'services/lib/logger.ts'],
  ['prom-client', 'services/lib/metrics.ts'],
])

/** Whether a detector's file may import another file under detectors/. */
const isOpenDetectorImport = (from: string, to: string): boolean => {
  if (/^detectors\/(?:lib|habits)\//.test(to) || to === 'detectors/detector.ts') return true
  if (from === 'detectors/registry.ts') return true
  // A detector and its cases are one thing in two files, and so are helpers in a folder of the detector's own name.
  const stem = (path: string): string => path.replace(/(?:\.[a-z-]+)?\.ts$/, '')
  return stem(from) === stem(to)
}

const isOpenToDetectors = (from: string, to: string): boolean =>
  areaOf(to) === 'schemas' || (areaOf(to) === 'detectors' && isOpenDetectorImport(from, to))

const SERVICE_ADVICE =
  'A service imports schemas, services/lib and itself; hand in what it needs from services/roles/ or services/commands/.'

/** What to do instead of an import from one path to another of this tree; undefined if the import is allowed. */
export const adviceAgainst = (from: string, to: string): string | undefined => {
  const [source, target] = [areaOf(from), areaOf(to)]
  const open = (...areas: readonly Area[]): boolean => target !== undefined && areas.includes(target)
  switch (source) {
    case 'schemas':
      return open('schemas') ? undefined : 'schemas imports schemas and pure libraries, nothing else.'
    case 'detectors':
      return isOpenToDetectors(from, to)
        ? undefined
        : 'A detector imports schemas, detectors/habits, detectors/lib and detectors/detector.ts: move what two of them share to detectors/lib.'
    case 'services/lib':
      return open('schemas', 'services/lib') ? undefined : 'services/lib imports schemas and itself, nothing above it.'
    case 'engine':
      return open('schemas', 'detectors', 'engine')
        ? undefined
        : 'The engine is the pure core: it imports schemas, detectors and itself. Hand in the rest from its runtime.'
    case 'services':
      if (open('schemas', 'services/lib') || serviceOf(from) === serviceOf(to)) return undefined
      return open('detectors') && serviceOf(from) === 'detector' ? undefined : SERVICE_ADVICE
    case 'console':
      return open('schemas', 'console')
        ? undefined
        : 'The console runs in a browser: it imports itself and the types of schemas, and asks the API for the rest.'
    case 'composition':
      return open('schemas', 'detectors', 'services/lib', 'engine', 'services', 'roles', 'composition')
        ? undefined
        : 'What runs in production imports no scripts and no tests.'
    case 'roles':
      return open('schemas', 'detectors', 'services/lib', 'services', 'roles')
        ? undefined
        : 'A role puts services together and knows of no command: hand in what it needs from services/commands/.'
    case 'infra':
      return open('schemas', 'infra') ? undefined : 'infra is generated from schemas: it imports them and itself.'
    case 'scripts':
      return open('schemas', 'detectors', 'services/lib', 'scripts', 'root')
        ? undefined
        : 'A script imports schemas, detectors, services/lib and scripts; what needs a service is a command.'
    case 'root':
      return open('schemas', 'scripts', 'root')
        ? undefined
        : 'A configuration file imports scripts and schemas at most.'
    case 'test':
      return undefined
    case undefined:
      return 'No code belongs here: see the layout in STYLE.md.'
  }
}
