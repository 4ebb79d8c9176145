/**
 * The settings of single tenants, from the YAML files under `tenants/<tenant>/` beside the configuration. Each file holds a
 * part `detection` and nothing else; of several files of a tenant the later one by name lies over the earlier, key by key. What
 * comes out lies over the part `detection` of the configuration.
 */
import { dirname, join } from 'node:path'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { DetectionLayer, emptyConfiguration, layerOver } from '../../../schemas/configuration.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { namesIn } from '../directory.ts'
import type { YamlReader } from '../yaml/read.ts'
import { type ConfigProblem, explain, type SchemaError, showPath } from './problems.ts'
import { detectionProblems, type DetectorEntry, type Located } from './semantics.ts'
import { withoutNulls } from './nulls.ts'

const TenantFile = Type.Object(
  { detection: Type.Optional(Type.Object(DetectionLayer.properties, { additionalProperties: false })) },
  { additionalProperties: false },
)
const compiled = Compile(TenantFile)
const PROBLEMS_MAX = 20
/** Not those that editors leave behind. */
const YAML_FILE = /^[^.].*\.ya?ml$/

const isList = <T>(one: object | readonly T[]): one is readonly T[] => Array.isArray(one)

export interface LoadedTenants {
  readonly layersOfTenants: Readonly<Record<string, DetectionLayer>>
  readonly problems: readonly ConfigProblem[]
}

function check(given: unknown, detectors: readonly DetectorEntry[] | undefined): DetectionLayer | readonly Located[] {
  const value = withoutNulls(given ?? {})
  if (!compiled.Check(value)) {
    const found = [...compiled.Errors(value)].flatMap((error) => explain(error as SchemaError, TenantFile, value))
    return found.length > 0 ? found : [{ path: [], message: 'is not the configuration of a tenant' }]
  }
  const layer = value.detection ?? {}
  const wrong = detectors === undefined ? [] : [...detectionProblems({ ...emptyConfiguration(), ...layer }, detectors)]
  return wrong.length === 0 ? layer : wrong.map(({ path, message }) => ({ path: ['detection', ...path], message }))
}

const whole = (path: string, message: string): ConfigProblem => ({ file: path, line: 0, column: 0, path: '', message })

/** The layer that a file holds, or what is wrong with it. */
async function loadFile(
  path: string,
  read: YamlReader,
  detectors: readonly DetectorEntry[] | undefined,
): Promise<DetectionLayer | readonly ConfigProblem[]> {
  const file = await read(path)
  if (!file.ok) return file.problems.map((problem) => ({ ...problem, file: path, path: '' }))
  const checked = check(file.value, detectors)
  if (!isList(checked)) return checked
  const positions = await file.locate(checked.map((one) => one.path))
  return checked.map((one, i) => ({
    ...(positions[i] ?? { line: 0, column: 0 }),
    file: path,
    path: showPath(one.path),
    message: one.message,
  }))
}

/** `detectors`: what a file may name; undefined: anything. Throws if a directory cannot be read. */
export async function loadTenants(
  configuration: string,
  read: YamlReader,
  detectors: readonly DetectorEntry[] | undefined,
): Promise<LoadedTenants> {
  const room = join(dirname(configuration), 'tenants')
  const tenants = new Map<string, DetectionLayer>()
  const problems: ConfigProblem[] = []
  for (const tenant of await namesIn(room)) {
    const names = (await namesIn(join(room, tenant))).filter((name) => YAML_FILE.test(name))
    if (names.length > 0 && tenant.length > LIMITS.name_chars_max)
      problems.push(
        whole(join(room, tenant), `has a longer name than a tenant: ${LIMITS.name_chars_max} characters at most`),
      )
    for (const name of names) {
      const loaded = await loadFile(join(room, tenant, name), read, detectors)
      if (isList(loaded)) problems.push(...loaded)
      else tenants.set(tenant, layerOver({ ...emptyConfiguration(), ...tenants.get(tenant) }, loaded))
    }
  }
  return { layersOfTenants: Object.fromEntries(tenants), problems: problems.slice(0, PROBLEMS_MAX) }
}
