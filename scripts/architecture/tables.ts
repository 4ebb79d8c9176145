/**
 * The rule about tables: foreign text is never looked up in an object that inherits. `table[word]` with the word
 * `constructor` finds a function in every object literal, and code that relies on it gives a sender control of the process.
 * A table is a Map, is made by `lookup` of schemas/lookup.ts, or is only read behind `Object.hasOwn`.
 *
 * The compiler refuses a string as the key of a table whose keys are named one by one. It leaves two holes, which this rule
 * closes: a table with any string as key (`Record<string, ...>`, `Json`, an index signature, `Object.fromEntries`), read
 * with anything but a literal; and a key that an assertion (`word as keyof Table`) turns into one of the names. Tables are
 * recognised by their declaration, here or in the file that they are imported from, by the type of a property, and by
 * assertions.
 */
import { posix } from 'node:path'
import { areaOf } from './layers.ts'
import { memberOf, nameOf, type SourceFile, type SyntaxNode, walk } from './source.ts'
import type { Rule, Tree, Violation } from './violation.ts'

const WRAPPING_TYPES: ReadonlySet<string> = new Set(['Readonly', 'Partial', 'Required'])
const WRAPPERS: ReadonlySet<string> = new Set([
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'ParenthesizedExpression',
  'ChainExpression',
])

const nodeOf = (value: unknown): SyntaxNode | undefined => (value ?? undefined) as SyntaxNode | undefined

const isAnyString = (type: SyntaxNode | undefined): boolean =>
  type?.type === 'TSStringKeyword' ||
  (type?.type === 'TSUnionType' && (type['types'] as SyntaxNode[]).some(isAnyString))

/** Whether a type says: an object that any string may be asked of. */
function isOpenType(type: SyntaxNode | undefined): boolean {
  if (type === undefined) return false
  if (type.type === 'TSTypeAnnotation' || type.type === 'TSParenthesizedType') {
    return isOpenType(nodeOf(type['typeAnnotation']))
  }
  if (type.type === 'TSUnionType') return (type['types'] as SyntaxNode[]).some(isOpenType)
  if (type.type === 'TSTypeLiteral') {
    return (type['members'] as SyntaxNode[]).some((member) => member.type === 'TSIndexSignature')
  }
  if (type.type !== 'TSTypeReference') return false
  const name = nameOf(type['typeName']) ?? ''
  const given = (nodeOf(type['typeArguments'])?.['params'] ?? []) as SyntaxNode[]
  if (WRAPPING_TYPES.has(name)) return isOpenType(given[0])
  return name === 'Json' || (name === 'Record' && isAnyString(given[0]))
}

/** What is inside assertions and brackets. */
const bare = (node: SyntaxNode | undefined): SyntaxNode | undefined =>
  node !== undefined && WRAPPERS.has(node.type) ? bare(nodeOf(node['expression'])) : node

/** Whether a value is made as a table that inherits: an object literal, or `Object.fromEntries`. */
function isMadeInheriting(value: SyntaxNode | undefined): boolean {
  const made = bare(value)
  if (made?.type === 'ObjectExpression') return true
  if (made?.type !== 'CallExpression') return false
  const callee = memberOf(made['callee'])
  return callee?.object === 'Object' && callee.property === 'fromEntries'
}

/** The type that assertions around a value give it; `satisfies` gives none. */
const assertedType = (node: SyntaxNode | undefined): SyntaxNode | undefined =>
  node !== undefined && WRAPPERS.has(node.type)
    ? ((node.type === 'TSAsExpression' ? nodeOf(node['typeAnnotation']) : undefined) ??
      assertedType(nodeOf(node['expression'])))
    : undefined

/** The names of a file that refer to tables: those that take any string as key, and all that inherit. */
interface Names {
  readonly open: Set<string>
  readonly inheriting: Set<string>
}

/** A name that is a table anywhere in the file is one everywhere in it. */
function tableNames(file: SourceFile): Names {
  const names: Names = { open: new Set(), inheriting: new Set() }
  walk(file.program, (node, ancestors) => {
    if (node.type === 'VariableDeclarator') {
      const id = nodeOf(node['id'])
      const init = nodeOf(node['init'])
      const name = nameOf(id) ?? ''
      const made = isMadeInheriting(init)
      const type = nodeOf(id?.['typeAnnotation']) ?? assertedType(init)
      if (made) names.inheriting.add(name)
      const fromEntries = made && type === undefined && bare(init)?.type === 'CallExpression'
      // What a function returns is its own affair: `lookup` gives tables that do not inherit.
      const open = isOpenType(type) && (made || bare(init)?.type !== 'CallExpression')
      if (open || fromEntries) names.open.add(name)
    } else if (node.type === 'Identifier' && isOpenType(nodeOf(node['typeAnnotation']))) {
      // A parameter; a variable has been judged by what it is made of, too.
      if (ancestors.at(-1)?.type !== 'VariableDeclarator') names.open.add(nameOf(node) ?? '')
    }
  })
  return names
}

/** The names that a file takes from others, with what they are called there. */
function importedNames(file: SourceFile): Map<string, { readonly path: string; readonly name: string }> {
  const found = new Map<string, { readonly path: string; readonly name: string }>()
  walk(file.program, (node) => {
    if (node.type !== 'ImportDeclaration') return
    const specifier = nameOf(node['source']) ?? ''
    if (!specifier.startsWith('.')) return
    const path = posix.join(posix.dirname(file.path), specifier)
    for (const each of node['specifiers'] as SyntaxNode[]) {
      const local = nameOf(each['local'])
      const name = nameOf(each['imported'])
      if (local !== undefined && name !== undefined) found.set(local, { path, name })
    }
  })
  return found
}

/** Properties that some type of the tree declares as an open table: `types` of `interface Door { types: Record<string, Form> }`. */
function tableProperties(sources: readonly SourceFile[]): Set<string> {
  const names = new Set<string>()
  for (const { program } of sources) {
    walk(program, (node) => {
      if (node.type !== 'TSPropertySignature' || !isOpenType(nodeOf(node['typeAnnotation']))) return
      names.add(nameOf(node['key']) ?? '')
    })
  }
  names.delete('')
  return names
}

/** Keys that the code writes down, in whole or in part. */
const OWN_KEYS: ReadonlySet<string> = new Set([
  'Literal',
  'TemplateLiteral',
  'UnaryExpression',
  'BinaryExpression',
  'UpdateExpression',
])

/** Whether `Object.hasOwn(table, key)`, in the same words, guards the access in the same function. */
const isGuarded = (file: SourceFile, table: string, key: string, ancestors: readonly SyntaxNode[]): boolean => {
  const within = ancestors.findLast((each) => /Function/.test(each.type)) ?? file.program
  return file.text.slice(within.start, within.end).includes(`Object.hasOwn(${table}, ${key})`)
}

const MESSAGE =
  'asks an object that inherits by a word that may be foreign: use a Map, lookup() of schemas/lookup.ts, or Object.hasOwn first.'

function questionsOf(file: SourceFile, names: Names, properties: ReadonlySet<string>): Violation[] {
  const found: Violation[] = []
  const isTable = (node: SyntaxNode, key: SyntaxNode): boolean => {
    if (isOpenType(assertedType(node))) return true
    const asked = bare(node)
    const name = nameOf(asked) ?? ''
    if (asked?.type === 'Identifier') {
      return names.open.has(name) || (key.type === 'TSAsExpression' && names.inheriting.has(name))
    }
    // What a class calls its own is typed in the class.
    if (asked?.type !== 'MemberExpression' || nodeOf(asked['object'])?.type === 'ThisExpression') return false
    return asked['computed'] !== true && properties.has(nameOf(asked['property']) ?? '')
  }
  const ask = (node: SyntaxNode, table: SyntaxNode, key: SyntaxNode, ancestors: readonly SyntaxNode[]): void => {
    if (OWN_KEYS.has(key.type) || !isTable(table, key)) return
    const [one, other] = [table, key].map((each) => file.text.slice(each.start, each.end)) as [string, string]
    if (isGuarded(file, one, other, ancestors)) return
    found.push({
      path: file.path,
      line: file.lineAt(node.start),
      rule: 'foreign-key',
      message: `${one}[${other}] ${MESSAGE}`,
    })
  }
  walk(file.program, (node, ancestors) => {
    if (node.type === 'MemberExpression' && node['computed'] === true) {
      ask(node, node['object'] as SyntaxNode, node['property'] as SyntaxNode, ancestors)
    } else if (node.type === 'BinaryExpression' && node['operator'] === 'in') {
      ask(node, node['right'] as SyntaxNode, node['left'] as SyntaxNode, ancestors)
    }
  })
  return found
}

const AREAS: ReadonlySet<string | undefined> = new Set([
  'schemas',
  'detectors',
  'services',
  'services/lib',
  'engine',
  'composition',
])

/** No object that inherits is read with a key that may be foreign. */
export const foreignKeys: Rule = (tree: Tree) => {
  const sources = tree.sources.filter(({ path }) => AREAS.has(areaOf(path)))
  const properties = tableProperties(sources)
  const byPath = new Map(sources.map((file) => [file.path, tableNames(file)]))
  return sources.flatMap((file) => {
    const own = byPath.get(file.path)
    const names: Names = { open: new Set(own?.open), inheriting: new Set(own?.inheriting) }
    for (const [local, { path, name }] of importedNames(file)) {
      if (byPath.get(path)?.open.has(name)) names.open.add(local)
      if (byPath.get(path)?.inheriting.has(name)) names.inheriting.add(local)
    }
    return questionsOf(file, names, properties)
  })
}
