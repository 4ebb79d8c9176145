/**
 * What tests that need a server run on. Where a Docker engine answers and has the image, in a container; otherwise on what
 * this machine has. MOLTWATCH_TEST_ENGINES=docker demands containers, `local` does without, `auto` is the rule. Which it
 * was is said in one line.
 */
import type { Found } from './containers.ts'

/** The version that infra/compose runs. */
export const CLICKHOUSE_IMAGE = 'clickhouse/clickhouse-server:26.8'

const CHOICES = ['auto', 'docker', 'local'] as const

export type Chosen = { readonly where: 'container' } | { readonly where: 'local'; readonly because: string }

/** Loaded only here because it takes a third of a second, which those who want no containers need not wait. */
const findContainer = async (image: string): Promise<Found> => (await import('./containers.ts')).findImage(image)

/**
 * Where a server of this image runs; pulls the image where it is missing. Throws an Error that says what to do where
 * containers are demanded and cannot be had.
 */
export async function chooseEngine(
  image: string,
  wanted: string = process.env['MOLTWATCH_TEST_ENGINES'] ?? 'auto',
  find: (image: string) => Promise<Found> = findContainer,
): Promise<Chosen> {
  if (!CHOICES.some((choice) => choice === wanted)) {
    throw new Error(`MOLTWATCH_TEST_ENGINES is one of ${CHOICES.join(', ')}, not ${wanted}`)
  }
  if (wanted === 'local') return { where: 'local', because: 'MOLTWATCH_TEST_ENGINES=local' }
  const found = await find(image)
  if (found.ok) return { where: 'container' }
  if (wanted === 'auto') return { where: 'local', because: found.reason }
  throw new Error(
    `MOLTWATCH_TEST_ENGINES=docker, but ${found.reason}. Start Docker (DOCKER_HOST says where it listens, if not at its usual socket), or leave the variable out: then the tests run on what this machine has`,
  )
}

const said = new Set<string>()

/** Says once what the tests of a file run on, and why where that is not the rule. Results of commands stay clean of it. */
export function sayEngine(description: string, chosen: Chosen): void {
  if (said.has(description)) return
  said.add(description)
  console.error(`This runs on ${description}${chosen.where === 'local' ? ` (${chosen.because})` : ''}.`)
}
