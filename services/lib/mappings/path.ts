/**
 * Paths into a record: keys parted by dots, `[0]` for a place in a list, `["a.b"]` for a key with signs in it. Read once,
 * when a mapping is read; walking one costs a look for each step.
 */
import { MAPPING_LIMITS } from './limits.ts'

export type Path = readonly (string | number)[]

const PLAIN = /^[^.[\]"{}]+/
const PLACE = /^\[(\d{1,6})\]/
const QUOTED = /^\["([^"]{1,256})"\]/

/** The steps of a path, or what is wrong with it, as the end of a sentence about it. */
export function readPath(text: string): Path | string {
  const steps: (string | number)[] = []
  let rest = text
  while (rest !== '') {
    const dotted = rest.startsWith('.')
    if (dotted && steps.length === 0) return 'begins with a dot'
    const from = dotted ? rest.slice(1) : rest
    const plain = dotted || steps.length === 0 ? PLAIN.exec(from) : null
    const [match, key] = plain === null ? (QUOTED.exec(rest) ?? []) : [plain[0], plain[0]]
    const place = match === undefined ? PLACE.exec(rest) : null
    if (match === undefined && place === null) {
      return `cannot be read at ${JSON.stringify(rest.slice(0, 16))}: write it as a.b[0]["c.d"]`
    }
    steps.push(place === null ? (key as string) : Number(place[1]))
    rest = (plain === null ? rest : from).slice((match ?? place?.[0] ?? '').length)
    if (steps.length > MAPPING_LIMITS.path_steps_max) return `has more than ${MAPPING_LIMITS.path_steps_max} steps`
  }
  return steps.length === 0 ? 'is empty' : steps
}

/** A path that was checked when the mapping was read. */
export function pathOf(text: string): Path {
  const path = readPath(text)
  if (typeof path === 'string') throw new Error(`the path ${text} ${path}`)
  return path
}

/** What a template is made of: texts, and the paths between them. */
export type Template = readonly (string | { readonly path: Path })[]

/** `{path}` inserts a value; `{{` and `}}` are literal braces. */
export function readTemplate(text: string): Template | string {
  const parts: (string | { path: Path })[] = []
  let plain = ''
  let paths = 0
  for (let i = 0; i < text.length; i++) {
    const sign = text.charAt(i)
    if ((sign === '{' || sign === '}') && text.charAt(i + 1) === sign) {
      plain += sign
      i += 1
    } else if (sign === '{') {
      const end = text.indexOf('}', i)
      if (end === -1) return 'has a { without its }'
      const path = readPath(text.slice(i + 1, end))
      if (typeof path === 'string') return `has a path that ${path}`
      if ((paths += 1) > MAPPING_LIMITS.template_paths_max)
        return `has more than ${MAPPING_LIMITS.template_paths_max} paths`
      parts.push(plain, { path })
      plain = ''
      i = end
    } else if (sign === '}') {
      return 'has a } without its {'
    } else {
      plain += sign
    }
  }
  return [...parts, plain].filter((part) => part !== '')
}

export function templateOf(text: string): Template {
  const template = readTemplate(text)
  if (typeof template === 'string') throw new Error(`the template ${text} ${template}`)
  return template
}
