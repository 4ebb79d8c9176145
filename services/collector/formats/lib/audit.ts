/**
 * What audit logs of providers have in common: fields whose names come in two spellings of capitals (some pipelines write all
 * names in small letters), and an actor whom the provider has authenticated.
 */
import { apiActivityOf, type Activity } from './verbs.ts'
import { isObject, type Json, textOf } from './json.ts'

/** The value at a path of keys, each as given or in lower case; undefined if it breaks off. */
export function pick(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found: unknown = value
  for (const key of path) {
    if (Array.isArray(found) && typeof key === 'number') found = found[key]
    else if (isObject(found) && Object.hasOwn(found, key)) found = found[key]
    else if (isObject(found) && Object.hasOwn(found, String(key).toLowerCase()))
      found = found[String(key).toLowerCase()]
    else return undefined
  }
  return found
}

/** The first of these paths that holds a text or a number. */
export function pickText(value: unknown, ...paths: readonly (readonly (string | number)[])[]): string {
  for (const path of paths) {
    const text = textOf(pick(value, ...path))
    if (text !== '') return text
  }
  return ''
}

/** The activity of an operation whose name ends in its verb (`org.add_member`), or begins with it (`SetIamPolicy`). */
export const operationActivity = (name: string): Activity => apiActivityOf(name.slice(name.lastIndexOf('.') + 1))

/** The elements of the first of these lists that the value holds; the value itself if it holds none. */
export function unwrap(value: unknown, ...lists: readonly (readonly string[])[]): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap((one) => unwrap(one, ...lists))
  for (const path of lists) {
    const found = pick(value, ...path)
    if (Array.isArray(found)) return found
  }
  return [value]
}

export const isNamed = (value: unknown, ...keys: readonly string[]): value is Json =>
  isObject(value) && keys.every((key) => pickText(value, [key]) !== '')
