/** The thread of detection, which ends, or never returns, when a file appears (`MORTAL_DETECTOR`), and takes the file with it. */
import { existsSync, readFileSync, unlinkSync } from 'node:fs'
import '../../services/roles/detector-thread/thread.ts'

const file = process.env['MORTAL_DETECTOR']
if (file === undefined) throw new Error('MORTAL_DETECTOR names the file that ends the thread')
setInterval(() => {
  if (!existsSync(file)) return
  const how = readFileSync(file, 'utf8')
  unlinkSync(file)
  while (how === 'never return');
  process.exit(7)
}, 5)
