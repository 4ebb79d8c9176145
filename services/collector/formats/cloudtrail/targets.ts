/**
 * What was acted on: the resource that the record lists, else the request parameter that names it. The parameter is
 * chosen by the noun of the operation (`DeleteDBSnapshot` has `dBSnapshotIdentifier`), not by a list of services.
 */
import { joined } from '../lib/clean.ts'
import { isObject, type Json, listOf, objectOf, textOf } from '../lib/json.ts'

export interface ResourceTarget {
  readonly target: string
  readonly kind: string
  /** Account that the target's ARN names; '' without. */
  readonly account: string
}

const NAMING = /(?:arn|name|id|identifier|bucket|key|alias|path|document|url|ids|names|arns|target|set)$/i
const NOISE =
  /^(?:filter\w*|\w*filters|tag\w*|\w*criteria|\w*category|\w*collectiontype|resourceowner|ownersset|eventselectors|client(?:request)?token|idempotencytoken|requestid|nexttoken|marker|maxitems|maxresults|pagesize|host|sessiontoken|password|roles?essionname|policydocument|policy)$/i

/** Commands and sessions act on machines, whatever document they use. */
const MACHINE = /^(?:instanceids?|target)$/i

const flat = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

/** The noun of an operation: its name without the first word, in the singular. */
const nounOf = (eventName: string): string => flat(eventName.replace(/^[A-Z]+[a-z0-9]*/, '')).replace(/s$/, '')

/** The first text inside a parameter: `instancesSet.items[0].instanceId`. */
function firstText(value: unknown, depth = 0): string {
  if (typeof value === 'string' || typeof value === 'number') return textOf(value)
  if (depth > 4) return ''
  if (Array.isArray(value)) return value.length === 0 ? '' : firstText(value[0], depth + 1)
  if (!isObject(value)) return ''
  const entries = Object.entries(value)
  const best = entries.find(([name]) => NAMING.test(name) && !NOISE.test(name)) ?? entries[0]
  return best === undefined ? '' : firstText(best[1], depth + 1)
}

interface Parameter {
  readonly name: string
  readonly text: string
  readonly score: number
}

/** How well a parameter names the target: by the noun first, then by how names of things end. */
function scored(name: string, value: unknown, noun: string): Parameter {
  const word = flat(name)
  const text = NOISE.test(name) ? '' : firstText(value)
  const named = NAMING.test(name)
  const fits =
    noun !== '' &&
    (word.startsWith(noun) || (word.length > 3 && noun.startsWith(word.replace(/(?:arn|name|id|identifier|s)$/, ''))))
  return {
    name,
    text,
    score: (fits ? 4 : 0) + (named ? 2 : 0) + (MACHINE.test(name) ? 1 : 0) + (/arn$/i.test(name) ? 1 : 0),
  }
}

/** The parameters of a request; some services wrap them as `{CreateThingRequest: {...}}`. */
function parametersOf(record: Json): [string, unknown][] {
  const entries = Object.entries(objectOf(record.requestParameters))
  const only = entries.length === 1 ? entries[0] : undefined
  return only !== undefined && only[0].endsWith('Request') && isObject(only[1]) ? Object.entries(only[1]) : entries
}

function parameterTarget(record: Json): ResourceTarget {
  const noun = nounOf(textOf(record.eventName))
  const parameters = parametersOf(record)
    .map(([name, value]) => scored(name, value, noun))
    .filter(({ text, score }) => text !== '' && score > 0)
  const best = parameters.reduce<Parameter | undefined>(
    (top, next) => (top === undefined || next.score > top.score ? next : top),
    undefined,
  )
  if (best === undefined) return { target: '', kind: '', account: '' }
  const bucket = parameters.find(({ name }) => name === 'bucketName')
  const key = parameters.find(({ name }) => name === 'key')
  const target =
    bucket !== undefined && key !== undefined ? `arn:aws:s3:::${joined('/', [bucket.text, key.text])}` : best.text
  return { target, kind: best.name, account: /^arn:[^:]*:[^:]*:[^:]*:(\d{12}):/.exec(target)?.[1] ?? '' }
}

/** The target of a record. Of several listed resources the most exact one counts: an object, not its bucket. */
export function resourceTarget(record: Json): ResourceTarget {
  const resources = listOf(record.resources)
    .filter(isObject)
    .map((resource) => ({
      target: textOf(resource.ARN) || textOf(resource.ARNPrefix),
      kind: textOf(resource.type),
      account: textOf(resource.accountId),
    }))
    .filter(({ target }) => target !== '')
  const object = resources.find(({ kind }) => kind.endsWith('::Object')) ?? resources[0]
  if (object !== undefined) return object
  const service = objectOf(record.additionalEventData)
  const named = textOf(service.ARN) || textOf(service.SecretId)
  const parameter = parameterTarget(record)
  return parameter.target === '' && named !== '' ? { target: named, kind: 'ARN', account: '' } : parameter
}
