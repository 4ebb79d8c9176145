/**
 * Completes package-lock.json, so that `npm ci` accepts it on every platform.
 *
 * Packages with native parts name one optional package per platform. If a registry lacks some of them, npm leaves them out
 * of the lock file, and `npm ci` then refuses that lock file on every machine. This script adds an entry for each optional
 * dependency that is named but absent: its version, and the platform from its name, so that npm skips it elsewhere. It does
 * not query the registry, which usually lacks what is absent. An entry without an integrity hash is only looked up when a
 * machine of that platform installs it.
 *
 * It also removes registry addresses: a lock file must not reveal which mirror its author used.
 *
 *   npm run lock              completes ./package-lock.json
 *   npm run lock -- --check   changes nothing and exits 1 if the lock file is not complete
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

export interface LockEntry {
  version?: string
  resolved?: string
  optional?: boolean
  dev?: boolean
  devOptional?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  link?: boolean
  optionalDependencies?: Record<string, string>
  [field: string]: unknown
}

export interface Lock {
  packages: Record<string, LockEntry>
  [field: string]: unknown
}

/** What completing a lock file found and changed; names are `node_modules/...` paths of the lock file. */
export interface Completion {
  readonly lock: Lock
  readonly added: readonly string[]
  /** Entries whose registry address was removed. */
  readonly unresolved: readonly string[]
  /** What a person has to settle, one sentence each. */
  readonly problems: readonly string[]
}

const SYSTEMS: Readonly<Record<string, string>> = {
  aix: 'aix',
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  linuxmusl: 'linux',
  macos: 'darwin',
  netbsd: 'netbsd',
  openbsd: 'openbsd',
  openharmony: 'openharmony',
  sunos: 'sunos',
  win: 'win32',
  win32: 'win32',
  windows: 'win32',
}

const PROCESSORS: Readonly<Record<string, string>> = {
  aarch64: 'arm64',
  amd64: 'x64',
  arm: 'arm',
  arm64: 'arm64',
  armv7: 'arm',
  i686: 'ia32',
  ia32: 'ia32',
  loong64: 'loong64',
  mips64el: 'mips64el',
  ppc64: 'ppc64',
  ppc64le: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  wasm32: 'wasm32',
  x64: 'x64',
  x86: 'ia32',
}

const LIBRARIES: Readonly<Record<string, string>> = {
  gnu: 'glibc',
  gnueabihf: 'glibc',
  linuxmusl: 'musl',
  musl: 'musl',
  musleabihf: 'musl',
}

export interface Platform {
  os?: string[]
  cpu?: string[]
  libc?: string[]
}

const lookUp = (table: Readonly<Record<string, string>>, words: readonly string[]): string[] | undefined => {
  const word = words.find((candidate) => Object.hasOwn(table, candidate))
  return word === undefined ? undefined : [table[word] as string]
}

/**
 * The platform that a package's name tells, as npm writes it: `@oxlint/binding-linux-arm64-musl` is linux, arm64, musl.
 * A part that the name does not tell is left out, which means "any". The scope tells nothing.
 */
export const platformOf = (name: string): Platform => {
  const words = name.slice(name.indexOf('/') + 1).split(/[-_.]/)
  const os = lookUp(SYSTEMS, words)
  const cpu = lookUp(PROCESSORS, words)
  const libc = os?.[0] === 'linux' ? lookUp(LIBRARIES, words) : undefined
  return { ...(os && { os }), ...(cpu && { cpu }), ...(libc && { libc }) }
}

/** The lock path at which `from` finds `name`, walking up as Node's resolution does; undefined if it is nowhere. */
const resolvePath = (lock: Lock, from: string, name: string): string | undefined => {
  let folder = from
  for (;;) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
    if (lock.packages[path]) return path
    if (folder === '') return undefined
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))
  }
}

/** The key order that npm writes, so that the next `npm install` leaves the entry as it is. */
const newEntry = (name: string, version: string, parent: LockEntry): LockEntry => {
  const { os, cpu, libc } = platformOf(name)
  return {
    version,
    ...(cpu && { cpu }),
    ...(parent.dev && { dev: true }),
    ...(libc && { libc }),
    optional: true,
    ...(os && { os }),
  }
}

const isExact = (version: string): boolean => /^\d+\.\d+\.\d+[\w.+-]*$/.test(version)

const isRegistryAddress = (resolved: unknown): boolean =>
  typeof resolved === 'string' && /^https?:.*\.tgz$/.test(resolved)

/** Adds to `lock` what it names but lacks, one pass over all entries; returns the paths added and what it had to leave. */
const addAbsent = (lock: Lock): Pick<Completion, 'added' | 'problems'> => {
  const added: string[] = []
  const problems: string[] = []
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const found = resolvePath(lock, path, name)
      if (found !== undefined && (path === '' || !isExact(version) || lock.packages[found]?.version === version))
        continue
      const from = path === '' ? 'the project' : path
      if (!isExact(version)) {
        problems.push(`${from} names ${name} as "${version}", which is a range: add the version to take by hand.`)
      } else if (Object.keys(platformOf(name)).length === 0) {
        problems.push(`${from} names ${name}, whose name tells no platform: add its entry by hand.`)
      } else {
        // Another version at the top belongs to somebody else: this one then goes beneath the package that names it.
        const place = found === undefined ? `node_modules/${name}` : `${path}/node_modules/${name}`
        lock.packages[place] = newEntry(name, version, entry)
        added.push(place)
      }
    }
  }
  return { added, problems }
}

/** Returns the completed lock file; the one handed in is not changed. Completing a completed one changes nothing. */
export const completeLock = (source: Lock): Completion => {
  const lock: Lock = structuredClone(source)
  const unresolved = Object.keys(lock.packages).filter((path) => isRegistryAddress(lock.packages[path]?.resolved))
  for (const path of unresolved) delete lock.packages[path]?.resolved
  const added: string[] = []
  // A new entry can hide one further up from a package that was content with it, so passes go on until one adds nothing.
  let pass = addAbsent(lock)
  while (pass.added.length > 0) {
    added.push(...pass.added)
    pass = addAbsent(lock)
  }
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')))
  return { lock, added, unresolved, problems: pass.problems }
}

const main = (args: readonly string[]): number => {
  const file = 'package-lock.json'
  const { lock, added, unresolved, problems } = completeLock(JSON.parse(readFileSync(file, 'utf8')) as Lock)
  for (const problem of problems) console.error(problem)
  if (args.includes('--check')) {
    for (const path of [...added, ...unresolved]) console.error(`${path} is not complete.`)
    if (added.length + unresolved.length > 0) console.error('Run `npm run lock` and commit package-lock.json.')
    return problems.length + added.length + unresolved.length > 0 ? 1 : 0
  }
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`${file}: ${added.length} entries added, ${unresolved.length} registry addresses removed.`)
  return problems.length > 0 ? 1 : 0
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = main(process.argv.slice(2))
