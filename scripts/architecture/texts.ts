/**
 * Rules about any text of the tree: it names no place that exists only on its author's machine and no package registry, and
 * every limit that is written down, in whatever room, is one that something keeps.
 */
import type { TextFile } from './source.ts'
import type { Rule, Tree, Violation } from './violation.ts'

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')

/** Matches a path as a whole (the root `/a/b` in `/a/b/c`, not in `/x/a/b` or `/a/bc`). */
const pathPattern = (path: string): RegExp => new RegExp(`(?<![\\w./-])${escape(path)}(?![\\w-])`)

const REGISTRIES = /registry\.(?:npmjs|npmmirror|yarnpkg)\.[a-z]+/

const eachLine = (file: TextFile, rule: string, advise: (line: string) => string | undefined): Violation[] =>
  file.text.split('\n').flatMap((text, index) => {
    const message = advise(text)
    return message === undefined ? [] : [{ path: file.path, line: index + 1, rule, message }]
  })

/** Everything in the tree holds on every machine. */
export const machinePlaces: Rule = (tree: Tree) => {
  const paths = tree.machinePaths.map((path) => ({ path, pattern: pathPattern(path) }))
  return tree.texts.flatMap((file) =>
    eachLine(file, 'machine-place', (line) => {
      const path = paths.find(({ pattern }) => pattern.test(line))
      if (path) return `names ${path.path}, which exists on this machine only: write a path relative to the project.`
      const isRegistry = REGISTRIES.test(line) || tree.registryHosts.some((host) => line.includes(host))
      return isRegistry ? 'names the host of a package registry: leave it to the settings of npm.' : undefined
    }),
  )
}

const isLimits = (path: string): boolean => /^(?:schemas|services)\/(?:.*\/)?limits\.ts$/.test(path)

/** A limit that nothing reads is a promise that nothing keeps. */
export const limitsAreKept: Rule = (tree: Tree) => {
  const code = tree.texts.filter(({ path }) => /^(?:schemas|detectors|services|test)\/.*\.ts$/.test(path))
  const isRead = (name: string, limits: TextFile): boolean =>
    code.some((file) => file !== limits && new RegExp(`\\b${name}\\b`).test(file.text))
  return tree.texts
    .filter(({ path }) => isLimits(path))
    .flatMap((limits) =>
      eachLine(limits, 'unused-limit', (line) => {
        const name = /^ {2}([a-z][a-z0-9_]*):/.exec(line)?.[1]
        if (name === undefined || isRead(name, limits)) return undefined
        return `${name} is read by nothing: keep it where it belongs, or remove it.`
      }),
    )
}
