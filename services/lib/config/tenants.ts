/**
 * The settings of single tenants, from the YAML files under `tenants/<tenant>/` next to the configuration, but for the trust
 * registry (`agents.ts`). Each file holds a part `detection` and nothing else. If a tenant has several files, a later name
 * overrides an earlier one, key by key. The result overrides the part `detection` of the configuration.
 */
import { dirname, join } from 'node:path'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { DetectionLayer, emptyConfiguration, layerOver } from '../../../schemas/configuration.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { namesIn } from '../directory.ts'
import { AGENTS_FILE } from './agents.ts'
import type { YamlReader } from '../yaml/read.ts'
import { PROBLEMS_MAX, readBeside } from './beside.ts'
import { type ConfigProblem, explainAll, type Located } from './problems.ts'
import { detectionProblems, type DetectorEntry } from './semantics.ts'
import { withoutNulls } from './nulls.ts'

const TenantFile = Type.Object(
  { detection: Type.Optional(Type.Object(DetectionLayer.properties, { additionalProperties: false })) },
  { additionalProperties: false },
)
const compiled = Compile(TenantFile)
/** Not those that editors leave behind. */
const YAML_FILE = /^[^.].*\.ya?ml$/

export interface LoadedTenants {
  readonly layersOfTenants: Readonly<Record<string, DetectionLayer>>
  readonly problems: readonly ConfigProblem[]
}

function check(
  given: unknown,
  detectors: readonly DetectorEntry[] | undefined,
): { readonly value: DetectionLayer } | { readonly found: readonly Located[] } {
  const value = withoutNulls(given ?? {})
  if (!compiled.Check(value))
    return { found: explainAll(compiled.Errors(value), TenantFile, value, 'is not the configuration of a tenant') }
  const layer = value.detection ?? {}
  const wrong = detectors === undefined ? [] : [...detectionProblems({ ...emptyConfiguration(), ...layer }, detectors)]
  return wrong.length === 0
    ? { value: layer }
    : { found: wrong.map(({ path, message }) => ({ path: ['detection', ...path], message })) }
}

const whole = (path: string, message: string): ConfigProblem => ({ file: path, line: 0, column: 0, path: '', message })

/** Paths of the files of each tenant, in the order in which they lie over one another. Throws if a directory cannot be read. */
export async function tenantFiles(configuration: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const room = join(dirname(configuration), 'tenants')
  const files = new Map<string, readonly string[]>()
  for (const tenant of await namesIn(room)) {
    const names = (await namesIn(join(room, tenant))).filter((name) => YAML_FILE.test(name) && name !== AGENTS_FILE)
    if (names.length > 0)
      files.set(
        tenant,
        names.map((name) => join(room, tenant, name)),
      )
  }
  return files
}

/** `detectors`: what a file may name; undefined: anything. Throws if a directory cannot be read. */
export async function loadTenants(
  configuration: string,
  read: YamlReader,
  detectors: readonly DetectorEntry[] | undefined,
): Promise<LoadedTenants> {
  const tenants = new Map<string, DetectionLayer>()
  const problems: ConfigProblem[] = []
  for (const [tenant, files] of await tenantFiles(configuration)) {
    if (tenant.length > LIMITS.name_chars_max) {
      const message = `has a longer name than a tenant: ${LIMITS.name_chars_max} characters at most`
      problems.push(whole(join(dirname(configuration), 'tenants', tenant), message))
    }
    for (const file of files) {
      const loaded = await readBeside(file, read, (given) => check(given, detectors))
      if ('problems' in loaded) problems.push(...loaded.problems)
      else tenants.set(tenant, layerOver({ ...emptyConfiguration(), ...tenants.get(tenant) }, loaded.value))
    }
  }
  return { layersOfTenants: Object.fromEntries(tenants), problems: problems.slice(0, PROBLEMS_MAX) }
}
