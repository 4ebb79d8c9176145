/** What `start` says at the end of its start: the policy that is in force, and what is kept of words. */
import { expect, it } from 'vitest'
import { effectivePolicy } from '../../../services/responder/policy.ts'
import { bannerOf } from '../../../services/commands/start/banner.ts'

type Policy = Parameters<typeof effectivePolicy>[0]

const PRESET = { preset: 'contain-agent-networks' } as const

const told = (policy: Partial<Policy>, tokenFile = 'data/admin-token', more: object = {}): string =>
  bannerOf({
    url: 'http://127.0.0.1:8080',
    otlpUrl: 'http://127.0.0.1:4318',
    data: 'data',
    tokenFile,
    policy: effectivePolicy({ tenants: {}, ...policy }, 'default'),
    content: 'excerpts',
    ...more,
  }).join('\n')

it.each([
  [{}, 'Quarantine: by a person alone.'],
  [PRESET, 'Quarantine: enforce.'],
  [{ ...PRESET, mode: 'propose' }, 'Quarantine: propose.'],
  [{ ...PRESET, mode: 'shadow' }, 'Quarantine: shadow.'],
  [{ ...PRESET, stop: true }, 'Quarantine: stopped.'],
] as [Partial<Policy>, string][])('tells what the policy %j means', (policy, line) => {
  const text = told(policy)
  expect(text.split('\n').filter((one) => one.startsWith('Quarantine: '))).toHaveLength(1)
  expect(text).toContain(line)
})

it('gives the lines that connect an agent, with the token', () => {
  expect(told({})).toContain('  export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer $(cat data/admin-token)"')
  expect(told({}, "/home/ada's data/admin-token")).toContain(`$(cat '/home/ada'\\''s data/admin-token')`)
})

it('prints a demo that asks this service and not the one at the default place', () => {
  const line = (more: object): string | undefined =>
    told({}, undefined, more)
      .split('\n')
      .find((one) => one.startsWith('See it'))
  expect(line({ data: '.moltwatch' })).toBe('See it find something: npm run -s moltwatch -- demo')
  expect(line({ url: 'http://127.0.0.1:9', otlpUrl: 'http://127.0.0.1:10', data: '/my data' })).toBe(
    "See it find something: npm run -s moltwatch -- demo --url http://127.0.0.1:9 --otlp-url http://127.0.0.1:10 --data '/my data'",
  )
  expect(line({ tokenFile: null })).not.toContain('--data')
})
