/**
 * Parses YAML to a plain value, or reports what is wrong by line and column. It also finds where a path of the value is
 * in the text. No message quotes the text: it may hold a secret. Hostile text (aliases that unfold) stops at a limit.
 */
import { LineCounter, parseDocument } from 'yaml'
import { type ConfigPath, locate, type Position } from '../config/problems.ts'
import { YAML_LIMITS } from './limits.ts'

const ALIASES_MAX = 100

export type YamlProblem = Position & { readonly message: string }

export type YamlText =
  | { readonly ok: true; readonly value: unknown; locate(path: ConfigPath): Position }
  | { readonly ok: false; readonly problems: readonly YamlProblem[] }

/** Reads a whole text. */
export function parseYaml(text: string): YamlText {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  if (document.errors.length > 0) {
    const problems = document.errors.slice(0, YAML_LIMITS.problems_max).map((error) => {
      const { line, col } = lines.linePos(error.pos[0])
      // The library's sentences may quote the file; its code says the same without a secret in it.
      return { line, column: col, message: `is not YAML: ${error.code.toLowerCase().replaceAll('_', ' ')}` }
    })
    return { ok: false, problems }
  }
  const where = (path: ConfigPath): Position => locate(document, lines, path)
  try {
    return { ok: true, value: document.toJS({ maxAliasCount: ALIASES_MAX }), locate: where }
  } catch {
    const message = 'has aliases that do not resolve, or that unfold to too much'
    return { ok: false, problems: [{ ...where([]), message }] }
  }
}
