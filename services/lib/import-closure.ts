/**
 * All source files that a file's results can depend on: itself and what it imports, directly or not. Imports of types alone
 * change no result and are not followed. Files are named by their path from the root, with `/`, in order.
 */
import { readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'

export interface ImportClosure {
  /** Path from the root, and text with line ends as `\n`. */
  readonly files: ReadonlyMap<string, string>
  /** Packages and built-in modules that they import, in order. */
  readonly packages: readonly string[]
}

/** `import ... from 'x'`, `export ... from 'x'` and `import 'x'`, unless they are of types alone. */
const IMPORT = /^(?:import|export)\s+(?!type\s)(?:[\w*\s{},$]+?\sfrom\s+)?'([^']+)'/gm

/** The first two parts of a scoped name, the first of any other: `a/b` is a file of the package `a`. */
const packageOf = (name: string): string =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')

/** Throws where a file cannot be read: without it the code could not have been loaded either. */
export function importClosure(root: string, entries: readonly string[]): ImportClosure {
  const files = new Map<string, string>()
  const packages = new Set<string>()
  const waiting = [...entries]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (files.has(path)) continue
    // Line ends differ between checkouts of the same code.
    const text = readFileSync(join(root, path), 'utf8').replaceAll('\r\n', '\n')
    files.set(path, text)
    for (const [, name] of text.matchAll(IMPORT)) {
      if (name === undefined) continue
      if (name.startsWith('.')) waiting.push(posix.join(dirname(path), name))
      else packages.add(packageOf(name))
    }
  }
  return {
    files: new Map([...files].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    packages: [...packages].toSorted(),
  }
}
