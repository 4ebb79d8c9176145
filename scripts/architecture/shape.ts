/**
 * Rules about the shape of a single file: it parses, opens with a paragraph about its purpose, has functions that can be
 * read at a glance, and gives a reason for every skipped test.
 */
import { areaOf } from './layers.ts'
import { memberOf, nameOf, type SourceFile, type SyntaxNode, walk } from './source.ts'
import type { Rule, Violation } from './violation.ts'

export const FUNCTION_LINES_MAX = 70

/** A paragraph says something: one of fewer characters is a label. */
const HEADER_CHARS_MIN = 20

export const parses: Rule = (tree) =>
  tree.sources.flatMap(({ path, errors }) =>
    errors.map((message) => ({ path, line: 1, rule: 'parses', message: `cannot be parsed: ${message}` })),
  )

const headerLength = (text: string): number => {
  const code = text.replace(/^#!.*\n/, '').trimStart()
  const block = /^\/\*\*?([\s\S]*?)\*\//.exec(code)
  if (block) return (block[1] as string).replace(/[\s*]+/g, ' ').trim().length
  const lines = /^(?:(?:\/\/|--|#).*\n?)+/.exec(code)
  return (lines?.[0] ?? '').replace(/^(?:\/\/|--|#)/gm, '').trim().length
}

/** Code, queries and shell scripts open with a comment on what they do and why. */
export const fileHeader: Rule = (tree) =>
  tree.texts
    .filter(({ path }) => (/\.(?:ts|sql|sh)$/.test(path) && !/\.golden\./.test(path)) || path === '.ci/run')
    .filter(({ text }) => headerLength(text) < HEADER_CHARS_MIN)
    .map(({ path }) => ({
      path,
      line: 1,
      rule: 'file-header',
      message: 'does not open with a comment: say in a short paragraph what the file does and why.',
    }))

const isFunction = ({ type }: SyntaxNode): boolean =>
  type === 'FunctionDeclaration' || type === 'FunctionExpression' || type === 'ArrowFunctionExpression'

const RUNNERS: ReadonlySet<string> = new Set(['describe', 'it', 'test', 'suite', 'bench'])

/** The name at the root of `it.concurrent.skip`, `it.each(table)(...)` and the like. */
const rootOf = (node: SyntaxNode): string | undefined => {
  let root = node
  while (root.type === 'CallExpression' || root.type === 'MemberExpression') {
    root = (root.type === 'CallExpression' ? root['callee'] : root['object']) as SyntaxNode
  }
  return nameOf(root)
}

const HOOKS: ReadonlySet<string> = new Set(['beforeAll', 'beforeEach', 'afterEach', 'afterAll'])

/** Tests and what runs around them are read by themselves: what holds them counts without them. */
const isTest = (parent: SyntaxNode | undefined): boolean => {
  const root = parent?.type === 'CallExpression' ? (rootOf(parent) ?? '') : ''
  return RUNNERS.has(root) || HOOKS.has(root)
}

const functionName = (node: SyntaxNode, parent: SyntaxNode | undefined): string =>
  nameOf(node['id']) ?? nameOf(parent?.['id']) ?? nameOf(parent?.['key']) ?? 'a function'

/**
 * Functions can be read at one sight, the functions inside them included: what a factory closes over is as hard to follow as
 * any other code.
 */
export const functionLength: Rule = (tree) =>
  tree.sources.flatMap((file) => {
    const counted = new Map<SyntaxNode, { lines: number; name: string }>()
    walk(file.program, (node, ancestors) => {
      if (!isFunction(node)) return
      const parent = ancestors.at(-1)
      const lines = file.lineAt(node.end) - file.lineAt(node.start) + 1
      counted.set(node, { lines, name: functionName(node, parent) })
      const holder = ancestors.findLast(isFunction)
      const held = holder && counted.get(holder)
      if (held && isTest(parent)) held.lines -= lines
    })
    const long = [...counted].filter(([, { lines }]) => lines > FUNCTION_LINES_MAX)
    // One that holds a long one is mended with it.
    const holdsLong = ({ start, end }: SyntaxNode): boolean =>
      long.some(([other]) => start < other.start && other.end < end)
    return long
      .filter(([node]) => !holdsLong(node))
      .map(([node, { lines, name }]) => ({
        path: file.path,
        line: file.lineAt(node.start),
        rule: 'function-length',
        message: `${name} has ${lines} lines, the functions in it included, more than ${FUNCTION_LINES_MAX}: give its steps names, and its state a record that they are given.`,
      }))
  })

/** A comment on the line or on the one above; the paragraph that opens the file is about the file. */
const hasCommentAt = (file: SourceFile, line: number): boolean =>
  file.comments.some(({ start, end, value }) => {
    const [first, last] = [file.lineAt(start), file.lineAt(end)]
    return start > 0 && value.trim() !== '' && (first === line || last === line || last === line - 1)
  })

const adviceOnTest = (file: SourceFile, node: SyntaxNode): string | undefined => {
  if (node.type === 'CallExpression') {
    const member = memberOf(node['callee'])
    const isContext = member?.property === 'skip' && !RUNNERS.has(member.object)
    const [first, second] = node['arguments'] as unknown[]
    // `context.skip(note)` and `context.skip(condition, note)`; a condition alone is a skip without a reason.
    const isTold = second !== undefined || (first !== undefined && isText(first as SyntaxNode))
    return isContext && !isTold ? `${member.object}.skip gives no reason: pass one as its last argument.` : undefined
  }
  if (node.type !== 'MemberExpression' || !RUNNERS.has(rootOf(node) ?? '')) return undefined
  const property = nameOf(node['property']) ?? ''
  if (property === 'only') return 'runs alone and so leaves out all others: remove ".only".'
  const isLeftOut = ['skip', 'skipIf', 'runIf', 'todo'].includes(property)
  return isLeftOut && !hasCommentAt(file, file.lineAt(node.start))
    ? `.${property} gives no reason: say why in a comment on the line above.`
    : undefined
}

/** A string, or a name or call that may hold one; a comparison or a negation holds none. */
const isText = ({ type, value }: SyntaxNode): boolean =>
  type === 'Literal'
    ? typeof value === 'string' && value !== ''
    : ['TemplateLiteral', 'Identifier', 'MemberExpression', 'CallExpression'].includes(type)

/** No test hides the others, and one that is left out says why. */
export const skippedTests: Rule = (tree) =>
  tree.sources
    .filter(({ path }) => areaOf(path) === 'test')
    .flatMap((file) => {
      const found: Violation[] = []
      walk(file.program, (node) => {
        const message = adviceOnTest(file, node)
        if (message) found.push({ path: file.path, line: file.lineAt(node.start), rule: 'skipped-test', message })
      })
      return found
    })
