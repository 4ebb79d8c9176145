/**
 * Whether words are kept if the configuration does not say. A new installation keeps excerpts; one that is older than
 * excerpts does not start to after an upgrade. The file `content` in the data directory records which it is.
 */
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Content, CONTENTS } from '../../../schemas/excerpt.ts'

const fileOf = (data: string): string => join(data, 'content')

/** Whether nothing has been started on this directory yet. */
export const isNewInstallation = (data: string): boolean => !existsSync(join(data, 'master-key'))

/** The setting in the data directory, which exists; the first start that asks writes it. */
export async function contentOfInstallation(data: string, isNew: boolean): Promise<Content> {
  const file = fileOf(data)
  if (existsSync(file)) {
    const text = (await readFile(file, 'utf8')).trim()
    const known = CONTENTS.find((one) => one === text)
    if (known !== undefined) return known
  }
  const content: Content = isNew ? 'excerpts' : 'none'
  await writeFile(file, `${content}\n`, { mode: 0o600 })
  return content
}
