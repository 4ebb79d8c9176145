/**
 * TLS and SASL for local brokers: a certificate for the loopback address, made by Java's keytool because Node cannot make
 * one, and the settings that let the given users in by PLAIN and SCRAM.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** The file with key and certificate, in the directory where it was made. */
export const STORE = 'broker.p12'
/** The store holds a key that lives as long as a test does. */
const PASSWORD = 'local-only'

type Keytool = (args: readonly string[]) => Promise<string>
const keytoolHere: Keytool = async (args) => (await run('keytool', args)).stdout

/** Makes a key and its certificate in a directory of the machine where `keytool` runs; gives the certificate in PEM. */
export async function createCertificate(directory: string, keytool: Keytool = keytoolHere): Promise<string> {
  const store = ['-alias', 'broker', '-keystore', join(directory, STORE), '-storepass', PASSWORD]
  const subject = ['-dname', 'CN=localhost', '-ext', 'SAN=ip:127.0.0.1,dns:localhost', '-validity', '2']
  await keytool(['-genkeypair', '-keyalg', 'EC', '-storetype', 'PKCS12', ...store, ...subject])
  return keytool(['-exportcert', '-rfc', ...store])
}

const nameOfFirst = (users: Readonly<Record<string, string>>): string => Object.keys(users)[0]!

/** Broker properties for these users; `directory` is where the certificate was made. Brokers use the first of them. */
export function securityProperties(users: Readonly<Record<string, string>>, directory: string): Record<string, string> {
  const broker = nameOfFirst(users)
  const all = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`)
  const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule required'
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required'
  const store = join(directory, STORE)
  return {
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'sasl.mechanism.inter.broker.protocol': 'PLAIN',
    'listener.name.clients.plain.sasl.jaas.config': `${plain} username="${broker}" password="${users[broker]}" ${all.join(' ')};`,
    'listener.name.clients.scram-sha-256.sasl.jaas.config': `${scram};`,
    'listener.name.clients.scram-sha-512.sasl.jaas.config': `${scram};`,
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.location': store,
    'ssl.keystore.password': PASSWORD,
    'ssl.truststore.type': 'PKCS12',
    'ssl.truststore.location': store,
    'ssl.truststore.password': PASSWORD,
  }
}

/** Arguments that put the users into new storage, for SCRAM, which keeps them there. */
export const storageUsers = (users: Readonly<Record<string, string>>): string[] =>
  Object.entries(users).flatMap(([name, password]) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  )
