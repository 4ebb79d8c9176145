/** Places of a JSON value, by the keys that lead to them. */
export type Path = readonly (string | number)[]

/** A copy with the value at the path replaced. */
export function replaced(value: unknown, path: Path, replace: (old: unknown) => unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return replace(value)
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>
  copy[key] = replaced(copy[key], rest, replace)
  return copy
}
