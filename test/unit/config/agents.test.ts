/** The files of the trust registry: read for all and for each tenant, refused by file and line, and no neighbour without an effect. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentFiles } from '../../../services/lib/config/agents.ts'
import { type ConfigProblem, loadConfig } from '../../../services/lib/config.ts'

let room = ''
beforeAll(() => {
  room = mkdtempSync(join(tmpdir(), 'moltwatch-agents-'))
})
afterAll(() => rmSync(room, { recursive: true, force: true }))

/** A directory with these files; gives the path of its configuration. */
function directory(files: Readonly<Record<string, string>>): string {
  const place = mkdtempSync(join(room, 'c-'))
  for (const [name, text] of Object.entries({ 'moltwatch.yaml': '', ...files })) {
    mkdirSync(join(place, name, '..'), { recursive: true })
    writeFileSync(join(place, name), text)
  }
  return join(place, 'moltwatch.yaml')
}

async function problemsOf(files: Readonly<Record<string, string>>): Promise<readonly ConfigProblem[]> {
  const outcome = await loadConfig(directory(files))
  return outcome.ok ? [] : outcome.problems
}

describe('agents.yaml', () => {
  it('is read for all tenants and for one, beside the settings of the tenant', async () => {
    const config = directory({
      'agents.yaml': 'agents:\n  - { agent: "*", never: { actions: [delete_*] } }\n',
      'tenants/acme/agents.yaml': 'mode: strict\ntrusted_peers: [partner.example, 198.51.100.0/24]\n',
      'tenants/acme/detection.yaml': 'detection: { trusted_peers: [other.example] }\n',
    })
    const outcome = await loadConfig(config)
    expect(outcome.ok && outcome.config.agents).toEqual({
      '': { agents: [{ agent: '*', never: { actions: ['delete_*'] } }] },
      acme: { mode: 'strict', trusted_peers: ['partner.example', '198.51.100.0/24'] },
    })
    expect(outcome.ok && Object.keys(outcome.config.layersOfTenants)).toEqual(['acme'])
    expect(await agentFiles(config)).toEqual([
      join(config, '../agents.yaml'),
      join(config, '../tenants/acme/agents.yaml'),
    ])
  })

  it('is good as the documentation shows it', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/configuration.md'), 'utf8')
    const text = /^## agents\.yaml$[\s\S]*?^```yaml\n([\s\S]*?)^```/m.exec(page)?.[1] ?? ''
    const outcome = await loadConfig(directory({ 'agents.yaml': text }))
    expect(outcome.ok && outcome.config.agents['']?.agents).toHaveLength(2)
  })

  it('is empty where nothing is written in it, and absent where there is none', async () => {
    const empty = await loadConfig(directory({ 'agents.yaml': '' }))
    expect(empty.ok && empty.config.agents).toEqual({ '': {} })
    const none = await loadConfig(directory({}))
    expect(none.ok && none.config.agents).toEqual({})
  })

  it('is refused with file, line and column', async () => {
    const found = await problemsOf({
      'agents.yaml': 'agents:\n  - agent: billing\n    nevr: { actions: [pay] }\n',
      'tenants/acme/agents.yaml':
        'agents:\n  - agent: a*b\n    never:\n      actions: ["*delete"]\n      peers: [a/b]\n',
      'tenants/globex/agents.yaml': 'agents: [{ agent: x }, { agent: X }]\ntrusted_peers: [a b]\n',
    })
    const told = found.map(({ file, line, column, path }) => [file?.split('/').slice(-2)[0], line, column, path])
    expect(told.slice(1)).toEqual([
      ['acme', 2, 5, 'agents[0].agent'],
      ['acme', 4, 17, 'agents[0].never.actions[0]'],
      ['acme', 5, 15, 'agents[0].never.peers[0]'],
      ['globex', 1, 26, 'agents[1].agent'],
      ['globex', 2, 17, 'trusted_peers[0]'],
    ])
    expect(found[0]).toMatchObject({ line: 3, column: 5, path: 'agents[0].nevr' })
    expect(found[0]?.message).toContain('did you mean "never"?')
  })

  it('is refused where it names too many beginnings', async () => {
    const agents = Array.from({ length: 257 }, (_, n) => `- { agent: "a${n}-*" }`).join('\n')
    expect(await problemsOf({ 'agents.yaml': `agents:\n${agents}\n` })).toMatchObject([{ path: 'agents', line: 1 }])
  })
})

describe('what nobody reads', () => {
  it('is refused by its name, for all tenants and for one', async () => {
    const found = await problemsOf({
      'sigma/rule.yml': 'title: x\n',
      'agents.yml': 'agents: []\n',
      'tenants/acme/sigma/rule.yml': 'title: x\n',
    })
    expect(found.map(({ file, message }) => [file?.split('/').slice(-1)[0], message.slice(0, 11)])).toEqual([
      ['sigma', 'is not read'],
      ['agents.yml', 'is not read'],
      ['sigma', 'is not read'],
    ])
  })
})
