/**
 * Rules about what code reaches without importing it. The core (schemas, detectors, engine) has no clock, random, locale or
 * time zone, because a replay must give the same bytes anywhere. Services are handed their clock and configuration, and
 * leave standard output to commands. The environment is read where the program is put together.
 */
import { areaOf, CORE } from './layers.ts'
import { memberOf, nameOf, type SourceFile, type SyntaxNode, walk } from './source.ts'
import type { Rule, Violation } from './violation.ts'

/** Global names that the core may not even mention, and what they bring in. */
const CORE_GLOBALS: ReadonlyMap<string, string> = new Map([
  ['performance', 'a clock'],
  ['setTimeout', 'a clock'],
  ['setInterval', 'a clock'],
  ['setImmediate', 'a clock'],
  ['Temporal', 'a clock and a time zone'],
  ['crypto', 'random'],
  ['process', 'the machine'],
  ['globalThis', 'everything'],
  ['require', 'files'],
  ['fetch', 'the network'],
  ['WebSocket', 'the network'],
  ['console', 'output'],
  ['Intl', 'a locale and a time zone'],
])

/** Methods whose answer depends on the machine's time zone or locale, and what to use instead. */
const LOCAL_METHODS: ReadonlyMap<string, string> = new Map([
  ...['FullYear', 'Month', 'Date', 'Day', 'Hours', 'Minutes', 'Seconds', 'Milliseconds'].flatMap(
    (part): [string, string][] => [
      [`get${part}`, `getUTC${part}`],
      [`set${part}`, `setUTC${part}`],
    ],
  ),
  ['getTimezoneOffset', 'UTC throughout'],
  ['toLocaleString', 'toString or toISOString'],
  ['toLocaleDateString', 'toISOString'],
  ['toLocaleTimeString', 'toISOString'],
  ['toLocaleLowerCase', 'toLowerCase'],
  ['toLocaleUpperCase', 'toUpperCase'],
  ['localeCompare', 'a comparison with <'],
])

const DATE_FUNCTIONS: readonly string[] = ['UTC', 'parse']

/** Whether an identifier is read as a value, and is not the name of a property, the type of a parameter or a label. */
const isValue = (node: SyntaxNode, ancestors: readonly SyntaxNode[]): boolean => {
  const parent = ancestors.at(-1)
  if (!parent) return false
  if (parent.type.startsWith('TS')) return parent['expression'] === node
  if (parent.type === 'MemberExpression') return parent['object'] === node || parent['computed'] === true
  if (parent.type === 'Property' || parent.type === 'PropertyDefinition' || parent.type === 'MethodDefinition') {
    return parent['value'] === node || parent['computed'] === true
  }
  return !parent.type.startsWith('Import') && !parent.type.startsWith('Export')
}

/** The names that a file declares or imports itself: those are not the globals of that name. */
const declaredNames = (file: SourceFile): Set<string> => {
  const names = new Set<string>()
  walk(file.program, (node) => {
    const isDeclaration = /^(?:VariableDeclarator|FunctionDeclaration|ClassDeclaration|Import\w*Specifier)$/.test(
      node.type,
    )
    const name = isDeclaration ? nameOf(node['id'] ?? node['local']) : undefined
    if (name !== undefined) names.add(name)
  })
  return names
}

const adviceOnDate = (node: SyntaxNode, ancestors: readonly SyntaxNode[]): string | undefined => {
  const parent = ancestors.at(-1)
  if (parent?.type === 'NewExpression' && parent['callee'] === node) {
    const given = (parent['arguments'] as unknown[]).length
    if (given === 0) return 'new Date() reads a clock: take the time from the record.'
    return given === 1 ? undefined : 'new Date with several arguments reads the time zone: use Date.UTC.'
  }
  const member = memberOf(parent)
  if (member && parent?.['object'] === node) {
    return DATE_FUNCTIONS.includes(member.property)
      ? undefined
      : `Date.${member.property} reads a clock: take the time from the record.`
  }
  if (parent?.type === 'BinaryExpression' && parent['operator'] === 'instanceof') return undefined
  return 'Date is a clock unless it is given a time: write new Date(time) or Date.UTC(...).'
}

const adviceInCore = (node: SyntaxNode, ancestors: readonly SyntaxNode[]): string | undefined => {
  if (node.type === 'MemberExpression') {
    const property = nameOf(node['property'])
    const better = property !== undefined && node['computed'] !== true ? LOCAL_METHODS.get(property) : undefined
    return better && `${property} depends on the machine's locale or time zone: use ${better}.`
  }
  if (node.type === 'MetaProperty') return 'import.meta is a place on a disk: hand in what it is for.'
  if (node.type !== 'Identifier' || !isValue(node, ancestors)) return undefined
  const name = node['name'] as string
  if (name === 'Date') return adviceOnDate(node, ancestors)
  if (name === 'Math') {
    const member = memberOf(ancestors.at(-1))
    if (member?.property === 'random')
      return 'Math.random makes two replays differ: derive it from the record with a hash.'
    return member ? undefined : 'Math as a whole includes random: name the function that is needed.'
  }
  const brings = CORE_GLOBALS.get(name)
  return brings && `${name} brings ${brings} into the core: take what it gives from the record, or have it handed in.`
}

const eachNode = (
  file: SourceFile,
  rule: string,
  advise: (node: SyntaxNode, ancestors: readonly SyntaxNode[]) => string | undefined,
): Violation[] => {
  const found: Violation[] = []
  const declared = declaredNames(file)
  walk(file.program, (node, ancestors) => {
    if (node.type === 'Identifier' && declared.has(node['name'] as string)) return
    const message = advise(node, ancestors)
    if (message) found.push({ path: file.path, line: file.lineAt(node.start), rule, message })
  })
  return found
}

/** schemas, detectors and the engine read no clock, random, locale, time zone, file, network or environment. */
export const pureCore: Rule = (tree) =>
  tree.sources
    .filter(({ path }) => CORE.includes(areaOf(path) ?? 'root'))
    .flatMap((file) => eachNode(file, 'pure-core', adviceInCore))

const adviceInService = (node: SyntaxNode): string | undefined => {
  const member = memberOf(node)
  const called = member && `${member.object}.${member.property}`
  switch (called) {
    case 'process.env':
      return 'process.env is read by services/main.ts and services/commands/: have the setting handed in.'
    case 'process.argv':
    case 'process.exit':
      return `${called} belongs to services/main.ts and services/commands/: return an outcome instead.`
    case 'process.stdout':
    case 'console.log':
    case 'console.info':
    case 'console.debug':
      return `${called} writes to standard output, which holds a command's result and nothing else: use the logger.`
    case 'Date.now':
      return 'Date.now is read by services/lib/clock.ts: have a Clock handed in.'
    case 'Math.random':
      return 'Math.random cannot be repeated: have the source of chance handed in.'
    default:
      break
  }
  const isNow =
    node.type === 'NewExpression' && nameOf(node['callee']) === 'Date' && (node['arguments'] as unknown[]).length === 0
  return isNow ? 'new Date() reads the clock: have a Clock handed in.' : undefined
}

/** Services get clock, settings and chance handed in; the place that puts them together may read them. */
export const environment: Rule = (tree) =>
  tree.sources
    .filter(({ path }) => ['services', 'services/lib'].includes(areaOf(path) ?? '') && path !== 'services/lib/clock.ts')
    .flatMap((file) => [
      ...eachNode(file, 'environment', adviceInService),
      ...file.imports
        .filter(({ specifier, names }) => /^(?:node:)?process$/.test(specifier ?? '') || names.includes('env'))
        .map(({ line }) => ({
          path: file.path,
          line,
          rule: 'environment',
          message: 'imports the process by name, which hides what it reads: have the setting handed in.',
        })),
    ])
