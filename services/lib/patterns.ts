/** Patterns of names, as configuration writes them: a name, or its beginning with a * at the end. */

export const matchesPattern = (pattern: string, word: string): boolean =>
  pattern.endsWith('*') ? word.startsWith(pattern.slice(0, -1)) : pattern === word

/** Whether the pattern has a * anywhere but at the end. */
export const isOddPattern = (pattern: string): boolean => {
  const at = pattern.indexOf('*')
  return at >= 0 && at !== pattern.length - 1
}
