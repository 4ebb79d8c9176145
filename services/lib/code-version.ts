/**
 * The version of the code that decides: a hash of the files under detectors/ and schemas/. It is part of the epoch, so
 * that a finding says which code found it, and a change of either folder is a new epoch without anybody's doing.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { H } from '../../schemas/ids.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FOLDERS = ['detectors', 'schemas']

/** Cases and locks stand beside the detectors and change no result. */
const decides = (file: string): boolean => file.endsWith('.ts') && !file.endsWith('.cases.ts')

/**
 * 32 hex digits. `root` holds the two folders; the project's own unless told otherwise. Throws where a folder cannot be
 * read: without its code a detector could not have been loaded either.
 */
export async function codeVersion(root: string = ROOT): Promise<string> {
  const parts: string[] = []
  for (const folder of FOLDERS) {
    const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile() && decides(entry.name))
    const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort()
    for (const path of paths) {
      // Line ends differ between checkouts of the same code.
      const text = (await readFile(path, 'utf8')).replaceAll('\r\n', '\n')
      parts.push(relative(root, path).split(sep).join('/'), text)
    }
  }
  return H('code', ...parts)
}
