/** What a rule of the architecture check reports, in the form that editors and people can follow: path, line, rule, advice. */
import type { SourceFile, TextFile } from './source.ts'

export interface Violation {
  readonly path: string
  readonly line: number
  readonly rule: string
  /** What is wrong and what to do about it. */
  readonly message: string
}

/** Everything that rules may look at. */
export interface Tree {
  /** Every text file, sorted by path. */
  readonly texts: readonly TextFile[]
  /** The TypeScript among them, parsed. */
  readonly sources: readonly SourceFile[]
  readonly paths: ReadonlySet<string>
  /** Absolute paths that only mean something on this machine: the root and its neighbours. */
  readonly machinePaths: readonly string[]
  /** Hosts of package registries that this machine uses. */
  readonly registryHosts: readonly string[]
}

export type Rule = (tree: Tree) => Violation[]

export const formatViolation = ({ path, line, rule, message }: Violation): string =>
  `${path}:${line}: ${rule}: ${message}`
