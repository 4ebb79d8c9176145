/**
 * The thread of detection, which ends, or never returns, when a file appears (`MORTAL_DETECTOR`), and takes the file with it. One
 * of its detectors never returns from an event whose target is NEVER_RETURNS.
 */
import { existsSync, readFileSync, unlinkSync } from 'node:fs'
import type { Detector } from '../../detectors/detector.ts'
import { DETECTORS } from '../../detectors/registry.ts'
import { NEVER_RETURNS } from './never-returns.ts'
import '../../services/roles/detector/thread.ts'

const detector = DETECTORS.find(({ id }) => id === 'peer/known-agent-network')
if (detector?.matches === undefined) throw new Error('peer/known-agent-network looks at no event any more')
const { matches } = detector
const hanging: Detector['matches'] = (event, lists) => {
  while (event.target === NEVER_RETURNS);
  return matches(event, lists)
}
Object.assign(detector, { matches: hanging })

const file = process.env['MORTAL_DETECTOR']
if (file === undefined) throw new Error('MORTAL_DETECTOR names the file that ends the thread')
setInterval(() => {
  if (!existsSync(file)) return
  const how = readFileSync(file, 'utf8')
  unlinkSync(file)
  while (how === 'never return');
  process.exit(7)
}, 5)
