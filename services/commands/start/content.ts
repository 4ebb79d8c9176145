/**
 * Whether words are kept where the configuration says nothing: a new installation keeps excerpts, one that is older than they
 * are does not begin to by an upgrade. Which it is stands in the data directory, in the file `content`.
 */
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Content, CONTENTS } from '../../../schemas/excerpt.ts'

const fileOf = (data: string): string => join(data, 'content')

/** Whether nothing has been started on this directory yet. */
export const isNewInstallation = (data: string): boolean => !existsSync(join(data, 'master-key'))

/** What stands in the directory, which is there; it is written down at the first start that asks. */
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
