/**
 * Gets Apache Kafka's published jars: Maven resolves them once into a cache next to the installed packages. From then
 * on no network is needed. The cache is compared with `kafka-jars.sha256` at every use, so that a truncated or changed
 * download never runs.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** The version that pom.xml names and the checksums belong to. */
export const KAFKA_VERSION = '4.3.1'
/** The official image of the same version. */
export const KAFKA_IMAGE = `apache/kafka:${KAFKA_VERSION}`
const CACHE = here(`../../node_modules/.cache/apache-kafka/${KAFKA_VERSION}`)
const RESOLVE_MS_MAX = 300_000

/** Whether a broker can be started here, and if not why, for the line of a skipped test. Gets the jars if need be. */
export async function findKafka(): Promise<{ ok: true } | { ok: false; reason: string }> {
  const java = await findJava()
  if (!java.ok) return java
  return resolveKafkaJars().then(
    () => java,
    (error: Error) => ({ ok: false as const, reason: error.message }),
  )
}

async function findJava(): Promise<{ ok: true } | { ok: false; reason: string }> {
  try {
    const { stderr } = await run('java', ['-version'])
    const major = Number(/version "(\d+)/.exec(stderr)?.[1])
    if (!(major >= 17)) return { ok: false, reason: `Apache Kafka needs Java 17 or newer, this is: ${stderr.trim()}` }
    if (!existsSync(CACHE)) await run('mvn', ['-version'])
    return { ok: true }
  } catch (error) {
    const { path = 'java' } = error as { path?: string }
    return { ok: false, reason: `Apache Kafka needs Java 17 and Maven, and ${path} does not run here` }
  }
}

/** Name of each jar and its SHA-256, as committed. */
function expectedJars(): Map<string, string> {
  const lines = readFileSync(here('kafka-jars.sha256'), 'utf8').trim().split('\n')
  return new Map(
    lines.map((line) => {
      const [sum, name] = line.split(/\s+/)
      return [name!, sum!]
    }),
  )
}

/** What is wrong with the jars in a directory; undefined if nothing is. */
function findDamage(directory: string): string | undefined {
  const expected = expectedJars()
  const present = readdirSync(directory)
  const extra = present.find((name) => !expected.has(name))
  if (extra !== undefined) return `${extra} is not one of its jars`
  for (const [name, sum] of expected) {
    if (!present.includes(name)) return `${name} is missing`
    const actual = createHash('sha256')
      .update(readFileSync(join(directory, name)))
      .digest('hex')
    if (actual !== sum) return `${name} does not match its checksum`
  }
  return undefined
}

/**
 * The directory with the jars. Throws an Error that says what to do if Maven cannot get them or they are not what was
 * published.
 */
export async function resolveKafkaJars(): Promise<string> {
  if (existsSync(CACHE)) {
    if (findDamage(CACHE) === undefined) return CACHE
    rmSync(CACHE, { recursive: true, force: true })
  }
  const arriving = `${CACHE}.${process.pid}`
  rmSync(arriving, { recursive: true, force: true })
  mkdirSync(arriving, { recursive: true })
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies'
  try {
    await run('mvn', ['-q', '-B', '-f', here('pom.xml'), goal, `-DoutputDirectory=${arriving}`], {
      timeout: RESOLVE_MS_MAX,
    })
    const damage = findDamage(arriving)
    if (damage !== undefined)
      throw new Error(`Maven brought something else than Apache Kafka ${KAFKA_VERSION}: ${damage}`)
    // Two processes may do this at once: the second uses what the first put there.
    if (!existsSync(CACHE)) renameSync(arriving, CACHE)
    return CACHE
  } catch (error) {
    const { message, stdout = '' } = error as Error & { stdout?: string }
    const said = /\[ERROR\].*/.exec(stdout)?.[0]
    throw new Error(`Apache Kafka's jars could not be resolved: ${said ?? message}`, { cause: error })
  } finally {
    rmSync(arriving, { recursive: true, force: true })
  }
}
