/**
 * Reads the tree and parses its TypeScript for the rules in this folder: which files exist, what each imports in any of the
 * ways TypeScript has, and a walk over its syntax. It uses a real parser, because an import in a comment does not count and
 * one over five lines does.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join, posix } from 'node:path'
import { parseSync } from 'oxc-parser'

/** A node of the syntax tree (ESTree with types); start and end are positions in the file's text. */
export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

export interface Comment {
  readonly value: string
  readonly start: number
  readonly end: number
}

/** One reference to another module. */
export interface Import {
  /** As written; undefined if computed. */
  readonly specifier: string | undefined
  /** The names taken from it; empty where all or none are. */
  readonly names: readonly string[]
  readonly line: number
  /** Gone when the program runs. */
  readonly typeOnly: boolean
}

export interface TextFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string
  readonly text: string
}

export interface SourceFile extends TextFile {
  readonly program: SyntaxNode
  readonly comments: readonly Comment[]
  readonly imports: readonly Import[]
  /** What the parser could not read, one message each. */
  readonly errors: readonly string[]
  /** The line, from 1, of a position in the text. */
  readonly lineAt: (position: number) => number
}

/** The files under `root`, sorted; folders that git ignores by their name are left out, as are symbolic links. */
export const listFiles = (root: string, ignored: ReadonlySet<string>, folder = ''): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !ignored.has(entry.name))
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name)
      if (entry.isDirectory()) return listFiles(root, ignored, path)
      return entry.isFile() ? [path] : []
    })
    .sort()

/** Reads a file as text; undefined if it holds a zero byte and is therefore none. */
export const readText = (root: string, path: string): TextFile | undefined => {
  const text = readFileSync(join(root, path), 'utf8')
  return text.includes('\0') ? undefined : { path, text }
}

const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'

/** Calls `visit` for every node beneath and including `node`, parents first, with the nodes above it, nearest last. */
export const walk = (
  node: SyntaxNode,
  visit: (node: SyntaxNode, ancestors: readonly SyntaxNode[]) => void,
  ancestors: SyntaxNode[] = [],
): void => {
  visit(node, ancestors)
  ancestors.push(node)
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const each of value) if (isNode(each)) walk(each, visit, ancestors)
    } else if (isNode(value)) walk(value, visit, ancestors)
  }
  ancestors.pop()
}

/** The text of a name or of a string; undefined for anything else. */
export const nameOf = (node: unknown): string | undefined => {
  if (!isNode(node)) return undefined
  if (node.type === 'Identifier') return node['name'] as string
  return node.type === 'Literal' && typeof node['value'] === 'string' ? node['value'] : undefined
}

/** `a.b` for an access to a property of a plain name, written `a.b`, `a?.b` or `a['b']`; undefined for anything else. */
export const memberOf = (node: unknown): { object: string; property: string } | undefined => {
  if (!isNode(node) || node.type !== 'MemberExpression') return undefined
  const object = isNode(node['object']) && node['object'].type === 'Identifier' ? nameOf(node['object']) : undefined
  const property =
    node['computed'] === true && (node['property'] as SyntaxNode).type === 'Identifier'
      ? undefined
      : nameOf(node['property'])
  return object === undefined || property === undefined ? undefined : { object, property }
}

const literalOf = (node: unknown): string | undefined => {
  if (!isNode(node)) return undefined
  if (node.type === 'TSLiteralType') return literalOf(node['literal'])
  if (node.type === 'TemplateLiteral') {
    const quasis = node['quasis'] as { value: { cooked: string } }[]
    return quasis.length === 1 ? quasis[0]?.value.cooked : undefined
  }
  return node.type === 'Literal' ? nameOf(node) : undefined
}

const namesOf = (specifiers: unknown): string[] =>
  ((specifiers ?? []) as SyntaxNode[]).flatMap((each) => nameOf(each['imported'] ?? each['local']) ?? [])

/** The module that `node` refers to, if it is one of the ways to refer to one. */
const importOf = (node: SyntaxNode): Omit<Import, 'line'> | undefined => {
  const firstArgument = (node['arguments'] as unknown[] | undefined)?.[0]
  switch (node.type) {
    case 'ImportDeclaration':
      return {
        specifier: literalOf(node['source']),
        names: namesOf((node['specifiers'] as SyntaxNode[]).filter((each) => each.type === 'ImportSpecifier')),
        typeOnly: node['importKind'] === 'type',
      }
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      if (!node['source']) return undefined
      return {
        specifier: literalOf(node['source']),
        names: namesOf(node['specifiers']),
        typeOnly: node['exportKind'] === 'type',
      }
    case 'ImportExpression':
      return { specifier: literalOf(node['source']), names: [], typeOnly: false }
    case 'TSImportType':
      return { specifier: literalOf(node['source'] ?? node['argument']), names: [], typeOnly: true }
    case 'TSExternalModuleReference':
      return { specifier: literalOf(node['expression']), names: [], typeOnly: false }
    case 'CallExpression': {
      const callee = node['callee']
      const isRequire = nameOf(callee) === 'require' || memberOf(callee)?.object === 'require'
      return isRequire ? { specifier: literalOf(firstArgument), names: [], typeOnly: false } : undefined
    }
    case 'NewExpression': {
      // `new URL('./worker.ts', import.meta.url)` is how a thread or a process of this project is named.
      const specifier = nameOf(node['callee']) === 'URL' ? literalOf(firstArgument) : undefined
      return specifier !== undefined && /^\.{1,2}\/.*\.[cm]?[jt]s$/.test(specifier)
        ? { specifier, names: [], typeOnly: false }
        : undefined
    }
    default:
      return undefined
  }
}

const createLineAt = (text: string): ((position: number) => number) => {
  const ends: number[] = []
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) ends.push(at)
  return (position) => {
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((ends[middle] as number) < position) low = middle + 1
      else high = middle
    }
    return low + 1
  }
}

/** Parses one TypeScript file. A file with faults comes back with what could be read of it, and `errors`. */
export const parseSource = ({ path, text }: TextFile): SourceFile => {
  const result = parseSync(path, text, { sourceType: 'module' })
  const program = result.program as unknown as SyntaxNode
  const lineAt = createLineAt(text)
  const imports: Import[] = []
  walk(program, (node) => {
    const found = importOf(node)
    if (found) imports.push({ ...found, line: lineAt(node.start) })
  })
  return {
    path,
    text,
    program,
    comments: result.comments,
    imports,
    errors: result.errors.map((each) => each.message),
    lineAt,
  }
}
