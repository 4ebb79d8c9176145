/**
 * The thread that reads one YAML file: a large or hostile one takes seconds and must block nobody else. It answers with
 * the value, then locates paths for as long as it is asked.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { ConfigPath, Position } from '../config/problems.ts'
import { parseYaml, type YamlProblem } from './parse.ts'

export type ThreadAnswer =
  | { readonly kind: 'begun' }
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'problems'; readonly problems: readonly YamlProblem[] }
  | { readonly kind: 'positions'; readonly positions: readonly Position[] }

const tell = (answer: ThreadAnswer): void => parentPort?.postMessage(answer, [])

tell({ kind: 'begun' })
const read = parseYaml(workerData as string)
if (read.ok) {
  tell({ kind: 'value', value: read.value })
  parentPort?.on('message', (paths: readonly ConfigPath[]) =>
    tell({ kind: 'positions', positions: paths.map((path) => read.locate(path)) }),
  )
} else {
  tell({ kind: 'problems', problems: read.problems })
}
