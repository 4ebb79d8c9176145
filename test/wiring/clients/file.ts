/** A program that appends lines to a file, which moltwatch follows; the file is renamed at its half, as by a rotation. */
import { appendFile, rename } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { batchesOf, batchSize, lineOf } from '../records.ts'
import type { Client } from '../wiring.ts'

export const followedFile: Client = {
  name: 'followed file',
  input: 'file',
  sends: 'lines',
  hears: false,
  presence: async () => ({ ok: true, version: '' }),
  async deliver({ file }, records, handed) {
    let sent = 0
    for (const batch of batchesOf(records, batchSize(records))) {
      await appendFile(file, batch.map((record) => `${lineOf(record)}\n`).join(''))
      const before = sent
      sent += batch.length
      if (before < records.length / 2 && sent >= records.length / 2) await rename(file, `${file}.1`)
      await wait(200)
      await handed(sent)
    }
    return { dropped: 0, says: 'rotated once', mark: (line) => appendFile(file, `${line}\n`) }
  },
}
