/** What the commands of the separate processes refuse before they open anything, and in which words. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addMove } from '../../../services/commands/move/move.ts'
import { addProcesses } from '../../../services/commands/process/process.ts'
import { ROLES } from '../../../services/roles/role.ts'
import { addStart } from '../../../services/commands/start/start.ts'
import { FORMAT_IDS } from '../../../services/collector/formats/registry.ts'
import { parseConfig } from '../../../services/lib/config.ts'
import { parseMasterKey } from '../../../services/lib/secrets.ts'
import { type CommandRoom, createCommandRoom } from '../../support/command-room.ts'

const TOKENS = { tokens: [{ name: 'shipper', token: 'a-token', role: 'sender' }] }
const KAFKA = { kafka: { brokers: ['127.0.0.1:1'] } }
const CLICKHOUSE = { clickhouse: { url: 'http://127.0.0.1:1' } }

describe('the processes', () => {
  let room: CommandRoom
  let files = 0
  const refusal = (role: string, config: object, ...more: string[]): Promise<unknown> => {
    const file = room.file(`${files++}.yaml`, JSON.stringify(config))
    return room.run(addProcesses, [role, '--config', file, '--port', '0', ...more])
  }
  beforeAll(() => {
    room = createCommandRoom()
  })
  afterAll(() => room.clear())

  it.each(ROLES)('%s needs Kafka', async (role) => {
    const key = room.file('key', '0a'.repeat(32))
    const more = role === 'collector' ? ['--master-key-file', key] : []
    await expect(refusal(role, { ...TOKENS, ...CLICKHOUSE }, ...more)).rejects.toThrow('needs Kafka')
  })

  it.each(['api', 'archiver'])('%s needs ClickHouse', async (role) => {
    await expect(refusal(role, { ...TOKENS, ...KAFKA })).rejects.toThrow('needs ClickHouse')
  })

  it.each(['api', 'collector'])('%s needs somebody who may use it', async (role) => {
    await expect(refusal(role, { ...KAFKA, ...CLICKHOUSE })).rejects.toThrow('nobody could use this')
  })

  it('a collector needs the key that all share, and says what is wrong with one', async () => {
    const config = { ...TOKENS, ...KAFKA }
    await expect(refusal('collector', config)).rejects.toThrow('openssl rand -hex 32')
    const short = room.file('short', 'abcd')
    await expect(refusal('collector', config, '--master-key-file', short)).rejects.toThrow('64 hex digits')
    await expect(refusal('collector', config, '--master-key-file', `${short}-none`)).rejects.toThrow('ENOENT')
  })

  it('a secret that the file takes from the environment must be there', async () => {
    const sasl = { mechanism: 'scram-sha-512', username: 'moltwatch', password_env: 'NOT_SET_ANYWHERE' }
    await expect(refusal('detector', { kafka: { ...KAFKA.kafka, sasl } })).rejects.toThrow('NOT_SET_ANYWHERE')
    await expect(
      refusal('detector', { kafka: { ...KAFKA.kafka, ssl: true, ca_file: '/no/such/file' } }),
    ).rejects.toThrow('/no/such/file')
  })

  it('start does not take what is for processes', async () => {
    const file = room.file('start.yaml', JSON.stringify(KAFKA))
    const started = room.run(addStart, ['start', '--config', file, '--data', room.file('x', '')])
    await expect(started).rejects.toThrow('kafka is for the separate processes')
  })

  it('move needs a directory with a log', async () => {
    const file = room.file('move.yaml', JSON.stringify(KAFKA))
    const moved = room.run(addMove, ['move', '--from', '/no/such/dir', '--to', 'kafka', '--config', file])
    await expect(moved).rejects.toThrow('/no/such/dir holds no log')
  })
})

describe('the sections of the engines', () => {
  const problems = (config: object): string[] => {
    const outcome = parseConfig(JSON.stringify(config), { formats: FORMAT_IDS })
    return outcome.ok ? [] : outcome.problems.map(({ path, message }) => `${path} ${message}`)
  }

  it('have defaults', () => {
    const outcome = parseConfig(JSON.stringify({ ...KAFKA, ...CLICKHOUSE, raw: {} }))
    expect(outcome).toMatchObject({
      ok: true,
      config: { kafka: { ssl: false, partitions: 64 }, raw: { tenant: 'default', format: 'auto', history: false } },
    })
  })

  it.each([
    [{ kafka: {} }, 'kafka is missing brokers'],
    [{ kafka: { brokers: ['kafka'] } }, 'kafka.brokers[0]'],
    [{ kafka: { brokers: ['k:1'], min_insync: 2, replication_factor: 1 } }, 'kafka.min_insync cannot be more'],
    [{ kafka: { brokers: ['k:1'], ca_file: 'x' } }, 'kafka.ca_file is of use with ssl: true only'],
    [{ kafka: { brokers: ['k:1'], sasl: { mechanism: 'scram-sha-256', username: 'u' } } }, 'password or password_env'],
    [{ kafka: { brokers: ['k:1'], sasl: { mechanism: 'plain', username: 'u', password: 'p' } } }, 'needs ssl: true'],
    [{ clickhouse: { url: 'tcp://h:9000' } }, 'clickhouse.url must be an http or https URL'],
    [{ clickhouse: { url: 'http://u:p@h:8123' } }, 'clickhouse.url must not hold a user or password'],
    [{ clickhouse: { url: 'http://h', password: 'a', password_env: 'B' } }, 'either password or password_env'],
    [{ raw: { format: 'syslog' } }, 'raw.format must be one of auto, otlp, '],
  ])('%j is refused', (config, words) => {
    expect(problems(config).join('\n')).toContain(words)
  })

  it('take a master key in hex and nothing else', () => {
    expect(parseMasterKey(`${'0A'.repeat(32)}\n`)).toEqual(Buffer.alloc(32, 10))
    for (const text of ['', 'zz'.repeat(32), '0a'.repeat(31), '0a'.repeat(33)])
      expect(parseMasterKey(text)).toBeUndefined()
  })
})
