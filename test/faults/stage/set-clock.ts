/**
 * Loaded into a process before everything else (`node --import`): the system's clock as that process sees it is off by the
 * number of ms that stands in a file, as if somebody had set it. Only root may set the real one, and for everybody.
 */
import { readFileSync } from 'node:fs'

const file = process.env['MOLTWATCH_TEST_CLOCK']
const real = Date.now.bind(Date)
const LOOK_MS = 100
let offset = 0
let lookedAt = 0

if (file !== undefined) {
  Date.now = () => {
    const now = real()
    if (now - lookedAt > LOOK_MS) {
      lookedAt = now
      offset = Number(readFileSync(file, 'utf8'))
    }
    return now + offset
  }
}
