/** Every expression that looks for secrets takes time in proportion to the text, whatever the text is made to look like. */
import { describe, expect, it } from 'vitest'
import { KEY_ID_SHAPES, NAMED_SHAPES, PROSE_SHAPES, SECRET_SHAPES } from '../../services/collector/redaction/shapes.ts'
import { cpuOf } from '../support/cpu.ts'

/** Pieces that expressions begin with and never end. */
const PIECES = [
  'a_',
  'password',
  'token ',
  'token=',
  '"',
  "='",
  ' -p',
  'mysql -',
  '<password>',
  'a.b',
  'AKIA',
  '0',
  'eyJa.',
  'Basic ',
  '://a',
  '-u a:',
  '--a-',
  '\\',
  'cookie: ',
  '4111 ',
  '4111',
  'seed word ',
  'private key 0a',
]
const SHORT = 16 * 1024
/** Linear work gives 4; work that grows with the square gives 16. */
const GROWTH_MAX = 9
const CPU_MS_MIN = 10

const fill = (piece: string, length: number): string => piece.repeat(Math.ceil(length / piece.length))

describe.each(
  [...SECRET_SHAPES, ...NAMED_SHAPES, ...PROSE_SHAPES, ...KEY_ID_SHAPES].map(
    (shape) => [shape.kind, shape.hints.join(' '), shape] as const,
  ),
)('%s (%s)', (_kind, _hints, { pattern, hints }) => {
  it('is linear', async () => {
    for (const piece of [...PIECES, ...hints, ...hints.map((hint) => `${hint}a `)]) {
      const [short, long] = [fill(piece, SHORT), fill(piece, 4 * SHORT)]
      const few = await cpuOf(() => short.replace(pattern, ''))
      const many = await cpuOf(() => long.replace(pattern, ''))
      expect(many / Math.max(few, CPU_MS_MIN), JSON.stringify(piece)).toBeLessThan(GROWTH_MAX)
    }
  })
})
