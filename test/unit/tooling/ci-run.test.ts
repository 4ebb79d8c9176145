/**
 * `.ci/run` decides whether a change may land, so it must tell right from wrong itself: a failed step, a test run that
 * counts nothing, a process left behind. A small program stands for npm here, because what npm does is not the question.
 */
import { execFile } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

interface Outcome {
  readonly code: number
  readonly lines: readonly string[]
  /** What the stand-in for npm was called with, and wrote beside it. */
  readonly calls: readonly string[]
  readonly left: string
}

/** Runs `.ci/run` in a folder of its own, where `npm` runs this case statement of the shell over its arguments. */
const runCi = async (cases: string): Promise<Outcome> => {
  const root = mkdtempSync(join(tmpdir(), 'moltwatch-ci-'))
  try {
    mkdirSync(join(root, '.ci'))
    mkdirSync(join(root, 'bin'))
    copyFileSync(join(ROOT, '.ci/run'), join(root, '.ci/run'))
    const npm = `#!/bin/sh\necho "$* CI=$CI" >> calls\ncase "$*" in\n${cases}\nesac\n`
    writeFileSync(join(root, 'bin/npm'), npm)
    chmodSync(join(root, 'bin/npm'), 0o755)
    const env = { ...process.env, CI: '', PATH: `${join(root, 'bin')}${delimiter}${process.env['PATH']}` }
    const { code, stdout } = await new Promise<{ code: number; stdout: string }>((resolve) => {
      execFile('bash', [join(root, '.ci/run')], { env }, (error, out) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout: out })
      })
    })
    const read = (name: string): string =>
      existsSync(join(root, name)) ? readFileSync(join(root, name), 'utf8').trimEnd() : ''
    return { code, lines: stdout.trimEnd().split('\n'), calls: read('calls').split('\n'), left: read('left') }
  } finally {
    rmSync(root, { recursive: true })
  }
}

/** Whether the process still runs something; one that has ended but that nobody has waited for does not. */
const isAlive = (pid: string): boolean =>
  existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''

describe('.ci/run', () => {
  it('installs, checks and tests, and closes with the counts of the tests', async () => {
    const { code, lines, calls } = await runCi('test) echo "12 passed, 0 failed, 3 skipped" ;;')
    expect(lines.at(-1)).toBe('12 passed, 0 failed, 3 skipped')
    expect(code).toBe(0)
    expect(calls).toEqual([
      'ci CI=true',
      'run -s version CI=true',
      'run -s check CI=true',
      'run -s install:test-tools CI=true',
      'test CI=true',
    ])
  })

  it.each([
    ['tests fail', 'test) echo "12 passed, 2 failed, 0 skipped"; exit 1 ;;', '12 passed, 2 failed, 0 skipped'],
    [
      'the check fails',
      '*check) exit 1 ;; test) echo "1 passed, 0 failed, 0 skipped" ;;',
      '1 passed, 1 failed, 0 skipped',
    ],
    ['the tests crash', 'test) echo "Segmentation fault"; exit 139 ;;', '0 passed, 1 failed, 0 skipped'],
    ['the tests count nothing', 'test) ;;', '0 passed, 1 failed, 0 skipped'],
    ['no test ran', 'test) echo "0 passed, 0 failed, 0 skipped" ;;', '0 passed, 1 failed, 0 skipped'],
    [
      'an error outside of tests',
      'test) echo "5 passed, 0 failed, 0 skipped"; exit 1 ;;',
      '5 passed, 1 failed, 0 skipped',
    ],
    [
      'nothing is installed',
      'ci) exit 1 ;; test) echo "1 passed, 0 failed, 0 skipped" ;;',
      '0 passed, 1 failed, 0 skipped',
    ],
  ])('fails when %s', async (_title, cases, line) => {
    const { code, lines } = await runCi(cases)
    expect(lines.at(-1)).toBe(line)
    expect(code).toBe(1)
  })

  it('finds a process that was left behind, even one that detached itself, ends it and fails', async (context) => {
    context.skip(!existsSync('/proc/self/environ'), 'this machine has no /proc to find processes in')
    const leave = 'setsid sleep 300 >/dev/null 2>&1 & echo $! > left; echo "1 passed, 0 failed, 0 skipped"'
    const { code, lines, left } = await runCi(`test) ${leave} ;;`)
    expect(lines.at(-1)).toBe('1 passed, 1 failed, 0 skipped')
    expect(code).toBe(1)
    expect(lines.join('\n')).toContain('sleep 300')
    expect(left).toMatch(/^\d+$/)
    expect(isAlive(left)).toBe(false)
  })
})
