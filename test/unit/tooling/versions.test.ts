/** `npm run -s version` names both Node versions, and every script runs on the pinned one. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { describeVersions, nodeOfUserAgent } from '../../../scripts/print-versions.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const run = promisify(execFile)

const manifest = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as {
  dependencies: Record<string, string>
}

it('runs the scripts and these tests on the pinned Node', async () => {
  const pinned = manifest.dependencies['node']
  expect(process.versions.node).toBe(pinned)
  const { stdout } = await run('npm', ['run', '-s', 'version'], { cwd: ROOT })
  const [first, second, ...others] = stdout.trimEnd().split('\n')
  expect(first).toBe(`node ${pinned} (pinned)`)
  expect(second).toMatch(/^node \d+\.\d+\.\d+ \(npm\)$/)
  expect(others).toEqual([])
})

it('takes the version of npm from its user agent', () => {
  expect(nodeOfUserAgent('npm/11.19.1 node/v20.20.2 linux x64 workspaces/false')).toBe('20.20.2')
  expect(nodeOfUserAgent('something else')).toBeUndefined()
  expect(describeVersions('24.0.0', undefined)).toContain('not started by npm')
})
