/** Which engines the tests run on: what may be asked for, what happens where it cannot be had, and what brokers in containers are told. */
import { describe, expect, it } from 'vitest'
import { chooseEngine } from '../../support/engines.ts'
import { containerProperties } from '../../support/kafka-in-containers.ts'

const here = async () => ({ ok: true }) as const
const nowhere = async () => ({ ok: false, reason: 'no Docker engine answers' }) as const
const neverAsked = async (): Promise<never> => {
  throw new Error('asked for Docker')
}

describe('the engines of the tests', () => {
  it('are containers where they can be had', async () => {
    expect(await chooseEngine('an/image:1', 'auto', here)).toEqual({ where: 'container' })
    expect(await chooseEngine('an/image:1', 'docker', here)).toEqual({ where: 'container' })
  })

  it('are what the machine has where they cannot, and why is said', async () => {
    const chosen = { where: 'local', because: 'no Docker engine answers' }
    expect(await chooseEngine('an/image:1', 'auto', nowhere)).toEqual(chosen)
  })

  it('are what the machine has where that is asked for, and Docker is not looked at', async () => {
    expect(await chooseEngine('an/image:1', 'local', neverAsked)).toMatchObject({ where: 'local' })
  })

  it('fail with what to do where containers are demanded and cannot be had', async () => {
    await expect(chooseEngine('an/image:1', 'docker', nowhere)).rejects.toThrow(
      /no Docker engine answers. Start Docker/,
    )
  })

  it('refuse a word that is none', async () => {
    await expect(chooseEngine('an/image:1', 'podman', neverAsked)).rejects.toThrow('auto, docker, local, not podman')
  })
})

describe('a broker in a container', () => {
  const settings = (text: string): Record<string, string> =>
    Object.fromEntries(
      text
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    )

  it('is reached by clients at its port of loopback, and by its like by its name', () => {
    expect(settings(containerProperties(2, 40_000, { brokers: 3 }))).toMatchObject({
      'node.id': '2',
      'controller.quorum.voters': '1@kafka-1:9093,2@kafka-2:9093,3@kafka-3:9093',
      'advertised.listeners': 'CLIENTS://127.0.0.1:40000,BROKERS://kafka-2:9094',
      'offsets.topic.replication.factor': '3',
      'listener.security.protocol.map': 'CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT,BROKERS:PLAINTEXT',
    })
  })

  it('asks clients for TLS and a user where there are users; what a test sets wins', () => {
    const options = { brokers: 1, users: { one: 'secret' }, properties: { 'num.io.threads': '1' } } as const
    const made = settings(containerProperties(1, 40_000, options))
    expect(made['listener.security.protocol.map']).toMatch(/^CLIENTS:SASL_SSL,/)
    expect(made['ssl.keystore.location']).toMatch(/^\//)
    expect(made['num.io.threads']).toBe('1')
  })
})
