/**
 * Tables of the code that are asked with words of others. An object literal answers `constructor` and `toString` with what
 * it inherits; a table made here inherits nothing, so that it knows its own words alone.
 */

/** A frozen table without a prototype. `table[word]` is undefined for every word that is not in `entries`. */
export const lookup = <K extends string | number, V>(entries: Readonly<Record<K, V>>): Readonly<Record<K, V>> =>
  Object.freeze(Object.assign(Object.create(null) as object, entries)) as Readonly<Record<K, V>>
