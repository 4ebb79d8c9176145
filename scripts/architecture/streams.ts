/**
 * The rule about streams: `a.pipe(b)` passes on no error, and an error that nobody hears ends the process. So one sender
 * who breaks off ends the service of all. `pipeline` hears every error of every part.
 */
import { areaOf } from './layers.ts'
import { nameOf, type SyntaxNode, walk } from './source.ts'
import type { Rule, Violation } from './violation.ts'

/** Production code joins streams with `pipeline`. */
export const heardStreams: Rule = (tree) => {
  const found: Violation[] = []
  for (const file of tree.sources) {
    if (areaOf(file.path) === 'test') continue
    walk(file.program, (node) => {
      const callee = node['callee'] as SyntaxNode | undefined
      if (node.type !== 'CallExpression' || callee?.type !== 'MemberExpression') return
      if (callee['computed'] === true || nameOf(callee['property']) !== 'pipe') return
      found.push({
        path: file.path,
        line: file.lineAt(node.start),
        rule: 'unheard-stream',
        message: 'pipe() passes on no error, and one that nobody hears ends the process: use pipeline of node:stream.',
      })
    })
  }
  return found
}
