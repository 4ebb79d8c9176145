/**
 * Hints of programs: after an error, a program says with which command to install what it misses. That is no order of a
 * stranger. Only such a command is one: a package manager that adds exactly what stands in the line of the error, in the
 * answer of a shell. Anything else in that answer stays what it is. A command that prints texts of others (a page, a file)
 * gives no hints, unless what is missed is one of its own words.
 */
import { commandOf } from './call.ts'

/** Says that something is not there. */
const MISSES =
  /not found|no module named|no such (?:module|package|crate|command)|unresolved|cannot find|can't find|could not (?:find|resolve)|is missing|missing (?:module|package|dependency|crate)|not installed|undeclared/i
/** A package manager that adds packages, and their names. */
const ADDS =
  /(?:sudo[ \t]+)?\b(?:apt|apt-get|dnf|yum|apk|brew|snap|gem|pip3?|conda|npm|yarn|pnpm|bun|cargo|go|poetry|uv|composer)[ \t]+(?:-y[ \t]+)?(?:install|add|get|i|require)[ \t]+((?:[-\w@./:=^~<>]+[ \t]*){1,6})/gi
/** A command that prints what somebody else wrote. */
const PRINTS =
  /(?:^|[|;&(\n])\s*(?:sudo\s+)?(?:curl|wget|http|xh|cat|head|tail|less|more|bat|grep|rg|sed|awk|strings|echo|printf|gh|git\s+(?:show|log|diff|blame))\b/
const TEXT_CHARS_MAX = 16_384
const HINTS_MAX = 16

/** The name of a package without its version, its extras and the flags beside it. */
const packagesOf = (words: string): string[] =>
  words
    .split(/\s+/)
    .filter((word) => word !== '' && !word.startsWith('-'))
    .map((word) => word.replace(/(?<=.)[@=<>~^].*$/, '').replace(/[.:]+$/, ''))

/** How programs lead up to the command, beside the error. */
const LEADS_UP = /,?[ \t]*\b(?:but[ \t]+)?(?:it[ \t]+)?can be installed (?:with|by|via|using)\b[ \t]*:?/gi
/** A line that has no more beside the command says nothing else. */
const WORDS_BESIDE_MAX = 8
const WORDS_ALONE = /^[\s\p{L}'"`:,.!()>$-]*$/u

/** A line without the commands that install something of `missed`; empty if it says nothing besides. */
function lineWithoutHints(line: string, missed: ReadonlySet<string>): string {
  let hints = 0
  const rest = line.replaceAll(ADDS, (command: string, words: string) => {
    const packages = packagesOf(words)
    const isHint = packages.length > 0 && packages.every((one) => missed.has(one))
    return isHint && hints++ < HINTS_MAX ? ' ' : command
  })
  if (hints === 0) return line
  const isAlone = WORDS_ALONE.test(rest) && rest.split(/\P{L}+/u).filter(Boolean).length <= WORDS_BESIDE_MAX
  return isAlone ? '' : rest
}

/** A name in quotes is a value that a text brings; what an error misses was in the program that was run. */
const NAMED = /['"`‘“]([\w@./-]{1,64})['"`’”]/g

const errorAlone = (line: string): string =>
  MISSES.test(line) ? line.replaceAll(LEADS_UP, '').replaceAll(NAMED, '$1') : line

/** What is missed, by the lines that say so; of a command that prints texts of others, its own words alone. */
function missedIn(lines: readonly string[], command: string): ReadonlySet<string> {
  const missed = lines
    .filter((line) => MISSES.test(line))
    .flatMap((line) => line.replaceAll(ADDS, ' ').split(/[\s'"`‘’“”:;,()[\]]+/))
    .filter((word) => word.length > 1)
  if (!PRINTS.test(command)) return new Set(missed)
  const own = new Set(command.split(/[\s|;&()'"]+/))
  return new Set(missed.filter((word) => own.has(word)))
}

function textWithoutHints(text: string, command: string): string {
  const lines = text.split('\n')
  const missed = missedIn(lines, command)
  if (missed.size === 0) return text
  return lines.map((line) => errorAlone(lineWithoutHints(line, missed))).join('\n')
}

const isError = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= TEXT_CHARS_MAX && MISSES.test(value)

const isPlainObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * `result`, what a call of the tool `name` with `given` answered, without the commands that install what an error in it
 * misses. The texts of an object are read one by one.
 */
export function withoutHints(name: string, given: unknown, result: unknown): unknown {
  const texts = isPlainObject(result) ? Object.values(result) : [result]
  const command = texts.some(isError) ? commandOf(name, given) : undefined
  if (command === undefined) return result
  const heard = (value: unknown): unknown => (isError(value) ? textWithoutHints(value, command) : value)
  return isPlainObject(result)
    ? Object.fromEntries(Object.entries(result).map(([key, value]) => [key, heard(value)]))
    : heard(result)
}
