/** Every piece of configuration on the pages of the detectors can be pasted into a file as it stands. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { DETECTORS } from '../../detectors/registry.ts'
import { addCheckConfig } from '../../services/commands/check-config/check-config.ts'
import { createCommandRoom } from '../support/command-room.ts'

const PAGES = join(import.meta.dirname, '../../docs/detections')
const room = createCommandRoom()
afterAll(() => room.clear())

const blocks: (readonly [page: string, block: string])[] = []
for (const page of (await readdir(PAGES)).filter((name) => name.endsWith('.md'))) {
  const text = await readFile(join(PAGES, page), 'utf8')
  for (const [, block = ''] of text.matchAll(/^```ya?ml\n([\s\S]*?)^```/gm)) blocks.push([page, block])
}

it('there are such pieces', () => expect(blocks.length).toBeGreaterThan(1))

it.each(blocks)('a block of %s is a good configuration', async (_page, block) => {
  expect(await room.run(addCheckConfig, ['check-config', room.file('moltwatch.yaml', block)], DETECTORS)).toMatchObject(
    { code: 0 },
  )
})
