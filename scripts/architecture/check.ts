/** Reads a tree and applies every rule of the architecture to it. */
import { readdirSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { circles, computedImports, dependencies, layers, packageHomes, purePackages } from './imports.ts'
import { environment, pureCore } from './purity.ts'
import { fileHeader, functionLength, parses, skippedTests } from './shape.ts'
import { listFiles, parseSource, readText } from './source.ts'
import { heardStreams } from './streams.ts'
import { foreignKeys } from './tables.ts'
import { limitsAreKept, machinePlaces } from './texts.ts'
import type { Rule, Tree, Violation } from './violation.ts'

const RULES: readonly Rule[] = [
  parses,
  layers,
  computedImports,
  purePackages,
  packageHomes,
  dependencies,
  pureCore,
  environment,
  foreignKeys,
  heardStreams,
  fileHeader,
  functionLength,
  circles,
  skippedTests,
  machinePlaces,
  limitsAreKept,
]

/** Folders that hold nothing of the project: what .gitignore names, and git's own. */
const IGNORED: ReadonlySet<string> = new Set(['.git', 'node_modules', '.moltwatch', 'coverage', 'fixtures', 'dist'])

/** The host of a registry's address; empty if it is not an address. */
const hostsOf = (address: string | undefined): string[] =>
  address && URL.canParse(address) ? [new URL(address).host] : []

/**
 * The root and the folders next to it: their names identify this machine. If the root is in a folder that every machine has
 * (`/app`, the folder for temporary files), its neighbours reveal nothing.
 */
const machinePathsOf = (root: string): string[] => {
  const parent = dirname(root)
  if (dirname(parent) === parent) return []
  if ([tmpdir(), dirname(homedir())].includes(parent)) return [root]
  const neighbours = readdirSync(parent, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return [root, ...neighbours.map(({ name }) => join(parent, name)).filter((path) => path !== root)]
}

/** The files under `root`, ready for the rules. `registry` is the address that npm uses, if one is known. */
export const readTree = (root: string, registry?: string): Tree => {
  const texts = listFiles(root, IGNORED).flatMap((path) => readText(root, path) ?? [])
  return {
    texts,
    sources: texts.filter(({ path }) => /\.tsx?$/.test(path)).map(parseSource),
    paths: new Set(texts.map(({ path }) => path)),
    machinePaths: machinePathsOf(resolve(root)),
    registryHosts: hostsOf(registry),
  }
}

/** Every violation in the tree, by path and line. */
export const checkTree = (tree: Tree): Violation[] =>
  RULES.flatMap((rule) => rule(tree)).sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line))
