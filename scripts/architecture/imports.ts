/**
 * Rules about imports. Every import resolves and runs in the direction that the layers allow. The core imports only pure
 * libraries. A wrapped package is imported only by its wrapper. Every package is listed in package.json and
 * docs/dependencies.md.
 */
import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import { adviceAgainst, areaOf, CORE, CORE_NODE_MODULES, PACKAGE_HOMES, PURE_PACKAGES } from './layers.ts'
import type { Import, SourceFile } from './source.ts'
import type { Rule, Tree, Violation } from './violation.ts'

const BUILTINS: ReadonlySet<string> = new Set(builtinModules.flatMap((name) => [name, name.replace(/^node:/, '')]))

const isRelative = (specifier: string): boolean => /^\.{1,2}(?:\/|$)/.test(specifier)

/** The package or Node module of a specifier: `@a/b/c` is `@a/b`, `fs/promises` is `node:fs/promises`. */
export const packageOf = (specifier: string): string => {
  if (specifier.startsWith('node:')) return specifier
  if (BUILTINS.has(specifier)) return `node:${specifier}`
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

const eachImport = (
  tree: Tree,
  rule: string,
  check: (file: SourceFile, each: Import, specifier: string) => string | undefined,
): Violation[] =>
  tree.sources.flatMap((file) =>
    file.imports.flatMap((each) => {
      const message = each.specifier === undefined ? undefined : check(file, each, each.specifier)
      return message === undefined ? [] : [{ path: file.path, line: each.line, rule, message }]
    }),
  )

/** Every relative import names a file of this tree, with its ending, and runs the way the layers say. */
export const layers: Rule = (tree) =>
  eachImport(tree, 'layers', (file, _each, specifier) => {
    if (!isRelative(specifier)) {
      return /^(?:\/|file:)/.test(specifier) ? `"${specifier}" is absolute: import by a relative path.` : undefined
    }
    const target = posix.join(posix.dirname(file.path), specifier)
    if (target.startsWith('..')) return `"${specifier}" lies outside of the project: import only what it holds.`
    if (!tree.paths.has(target)) return `"${specifier}" resolves to no file: name it in full, with its .ts.`
    const advice = adviceAgainst(file.path, target)
    return advice === undefined ? undefined : `imports ${target}. ${advice}`
  })

/** A computed import cannot be checked, so nothing but a test may have one. */
export const computedImports: Rule = (tree) =>
  tree.sources
    .filter((file) => areaOf(file.path) !== 'test')
    .flatMap((file) =>
      file.imports
        .filter((each) => each.specifier === undefined)
        .map(({ line }) => ({
          path: file.path,
          line,
          rule: 'computed-import',
          message: 'imports what it computes, which nobody can follow: write the path as a plain string.',
        })),
    )

const adviceAgainstInCore = (path: string, name: string, names: readonly string[]): string | undefined => {
  if (!name.startsWith('node:')) {
    return PURE_PACKAGES.has(name)
      ? undefined
      : `imports ${name} into the core, which takes only pure libraries (${[...PURE_PACKAGES].join(', ')}).`
  }
  const allowed = CORE_NODE_MODULES.get(name)
  if (!allowed)
    return `imports ${name} into the core, which reads no clock, random, file or network: hand in what it needs.`
  if (allowed.only && !allowed.only.some((place) => path.startsWith(place))) {
    return `imports ${name}, which in the core belongs to ${allowed.only.join(' and ')}.`
  }
  const others = names.filter((each) => !allowed.names.includes(each))
  if (names.length > 0 && others.length === 0) return undefined
  return `takes ${others.join(', ') || 'all'} of ${name}; the core may take ${allowed.names.join(', ')}, by name.`
}

/** schemas, detectors and the engine import pure libraries only. */
export const purePackages: Rule = (tree) =>
  eachImport(tree, 'pure-packages', (file, { names, typeOnly }, specifier) => {
    const area = areaOf(file.path)
    if (isRelative(specifier) || typeOnly || area === undefined || !CORE.includes(area)) return undefined
    return adviceAgainstInCore(file.path, packageOf(specifier), names)
  })

/** A package that one place wraps is imported there and nowhere else. */
export const packageHomes: Rule = (tree) =>
  eachImport(tree, 'package-home', (file, _each, specifier) => {
    const home = isRelative(specifier) ? undefined : PACKAGE_HOMES.get(packageOf(specifier))
    if (home === undefined || file.path.startsWith(home) || areaOf(file.path) === 'test') return undefined
    return `imports ${packageOf(specifier)}, which only ${home} may: use what that offers.`
  })

interface Manifest {
  readonly dependencies?: Record<string, string>
  readonly devDependencies?: Record<string, string>
}

/** The rows of docs/dependencies.md, `| name | version | why |`, with their lines. */
const readTable = (text: string): { name: string; version: string; why: string; line: number }[] =>
  text.split('\n').flatMap((row, index) => {
    const [, name, version, why] = row.split('|').map((cell) => cell.trim().replace(/^`(.*)`$/, '$1'))
    if (!name || !version || why === undefined || name === 'name' || /^:?-+:?$/.test(name)) return []
    return [{ name, version, why, line: index + 1 }]
  })

const TABLE = 'docs/dependencies.md'

const checkTable = (tree: Tree, manifest: Manifest): Violation[] => {
  const rows = readTable(tree.texts.find(({ path }) => path === TABLE)?.text ?? '')
  const versions = new Map(Object.entries({ ...manifest.devDependencies, ...manifest.dependencies }))
  const violation = (line: number, message: string): Violation => ({ path: TABLE, line, rule: 'dependencies', message })
  const listed = new Set(rows.map(({ name }) => name))
  return [
    ...rows.flatMap(({ name, version, why, line }) => {
      const actual = versions.get(name)
      if (actual === undefined) return [violation(line, `lists ${name}, which package.json does not: remove the row.`)]
      if (actual !== version)
        return [violation(line, `lists ${name} ${version}, but package.json has ${actual}: correct it.`)]
      return why === '' ? [violation(line, `does not say why ${name} is needed: say so.`)] : []
    }),
    ...[...versions.keys()]
      .filter((name) => !listed.has(name))
      .map((name) =>
        violation(1, `does not list ${name} of package.json: add "| ${name} | ${versions.get(name)} | why |".`),
      ),
  ]
}

/** Every imported package is in package.json, as a dependency if production code imports it. */
export const dependencies: Rule = (tree) => {
  const text = tree.texts.find(({ path }) => path === 'package.json')?.text
  if (text === undefined) return []
  const manifest = JSON.parse(text) as Manifest
  const imported = eachImport(tree, 'dependencies', (file, { typeOnly }, specifier) => {
    const name = packageOf(specifier)
    if (isRelative(specifier) || specifier.startsWith('/') || name.startsWith('node:')) return undefined
    if (manifest.dependencies && Object.hasOwn(manifest.dependencies, name)) return undefined
    if (!manifest.devDependencies || !Object.hasOwn(manifest.devDependencies, name)) {
      return `imports ${name}, which package.json does not list: run \`npm i --save-exact ${name}\` and add it to ${TABLE}.`
    }
    const inProduction = /^(?:schemas|detectors|services)\//.test(file.path)
    return inProduction && !typeOnly
      ? `imports ${name}, which package.json has for development only: move it to "dependencies".`
      : undefined
  })
  return [...imported, ...checkTable(tree, manifest)]
}

/**
 * No file imports itself by way of others, types included, tests aside: two files that need each other's types are one thing in two
 * places, or hold a third that both need. Found as strongly connected parts of the imports (Tarjan 1972).
 */
export const circles: Rule = (tree) => {
  const sources = tree.sources.filter(({ path }) => areaOf(path) !== 'test')
  const targets = new Map(
    sources.map(({ path, imports }) => [
      path,
      imports
        .map(({ specifier }) => specifier)
        .filter((specifier) => specifier !== undefined && isRelative(specifier))
        .map((specifier) => posix.join(posix.dirname(path), specifier as string)),
    ]),
  )
  return stronglyConnected(targets)
    .filter((files) => files.length > 1)
    .map((files) => {
      const [path = '', ...others] = files.toSorted()
      const message = `imports itself by way of ${others.join(', ')}: put what both need into a file of its own.`
      return { path, line: 1, rule: 'circles', message }
    })
}

interface Visit {
  readonly index: number
  low: number
  isOpen: boolean
}

/** Walks the graph from one node; adds each part to `parts` once it is complete. */
function visitNode(
  node: string,
  targets: ReadonlyMap<string, readonly string[]>,
  visits: Map<string, Visit>,
  open: string[],
  parts: string[][],
): Visit {
  const own: Visit = { index: visits.size, low: visits.size, isOpen: true }
  visits.set(node, own)
  open.push(node)
  for (const target of targets.get(node) ?? []) {
    if (!targets.has(target)) continue
    const known = visits.get(target)
    const reached = known ?? visitNode(target, targets, visits, open, parts)
    if (reached.isOpen) own.low = Math.min(own.low, known === undefined ? reached.low : reached.index)
  }
  if (own.low === own.index) {
    const part = open.splice(open.indexOf(node))
    for (const one of part) (visits.get(one) as Visit).isOpen = false
    parts.push(part)
  }
  return own
}

function stronglyConnected(targets: ReadonlyMap<string, readonly string[]>): string[][] {
  const visits = new Map<string, Visit>()
  const parts: string[][] = []
  for (const node of targets.keys()) if (!visits.has(node)) visitNode(node, targets, visits, [], parts)
  return parts
}
