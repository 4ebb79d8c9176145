/**
 * Programs in Python that tests run as real senders, with the packages of infra/examples/python-openai in an environment of their
 * own. pip fills it once, in the cache beside the installed packages; after that no network is needed. Where Python or pip cannot
 * be had the test says so and is left out, unless MOLTWATCH_REQUIRE_CLIENTS=1 demands it.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '../..')
const REQUIREMENTS = join(ROOT, 'infra/examples/python-openai/requirements.txt')
const INSTALL_MS_MAX = 300_000

type Python = { readonly ok: true; readonly bin: string } | { readonly ok: false; readonly reason: string }

/** Another list of packages is another environment. */
const folder = (): string => {
  const packages = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12)
  return join(ROOT, 'node_modules/.cache/python-openai', packages)
}

/** Makes the environment. It counts as made once `ready` lies in it: one that was cut short is made again. */
async function install(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
  await mkdir(join(path, '..'), { recursive: true })
  await run('python3', ['-m', 'venv', path], { timeout: INSTALL_MS_MAX })
  const options = ['--quiet', '--disable-pip-version-check', '--no-input', '--only-binary', ':all:']
  await run(join(path, 'bin/python'), ['-m', 'pip', 'install', ...options, '--requirement', REQUIREMENTS], {
    timeout: INSTALL_MS_MAX,
  })
  await writeFile(join(path, 'ready.tmp'), '')
  await rename(join(path, 'ready.tmp'), join(path, 'ready'))
}

let found: Promise<Python> | undefined

/** The folder with `python` and `opentelemetry-instrument`, installed once however many ask. Throws where there is none and must be one. */
export const findPython = (): Promise<Python> => (found ??= findOrInstall())

async function findOrInstall(): Promise<Python> {
  const path = folder()
  try {
    if (!existsSync(join(path, 'ready'))) await install(path)
    return { ok: true, bin: join(path, 'bin') }
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string }
    const said = (stderr.trim() || message).split('\n').at(-1)
    const reason = `Python 3.10 with venv and pip, and the packages of ${REQUIREMENTS.slice(ROOT.length + 1)}, cannot be had: ${said}`
    if (process.env['MOLTWATCH_REQUIRE_CLIENTS'] === '1') throw new Error(reason, { cause: error })
    return { ok: false, reason }
  }
}
