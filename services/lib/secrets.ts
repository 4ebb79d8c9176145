/**
 * The secrets of an installation: the admin token and the master key of all keyed hashes, made on first start and kept in
 * the data directory in files that only the owner can read. Losing the master key costs the comparability of hashes, not
 * the log.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, open, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ensurePrivateDirectory } from './directory.ts'

export interface Secrets {
  readonly adminToken: string
  /** Where the token is stored; null if it was passed in. */
  readonly tokenFile: string | null
  readonly keys: TenantKeys
}

export interface TenantKeys {
  /** 32 bytes for the tenant's keyed hashes of indicators. */
  forTenant(tenant: string): Buffer
  /** 32 bytes for HMAC(k, SHA-256(secret)) of the tenant's credentials. */
  forCredentials(tenant: string): Buffer
}

const OWNER_ONLY = 0o600
const MASTER_BYTES = 32

/** Keys for each tenant, derived from one master key of at least 16 bytes. */
export function tenantKeys(master: Buffer): TenantKeys {
  const derive = (use: string, tenant: string): Buffer =>
    createHmac('sha256', master).update(`${use}\u0000${tenant}`).digest()
  return {
    forTenant: (tenant) => derive('indicators', tenant),
    forCredentials: (tenant) => derive('credentials', tenant),
  }
}

/** Reads the file, or makes it with `content()`. The new file is on disk and readable by its owner alone before it is used. */
async function keep(path: string, content: () => string): Promise<string> {
  if (existsSync(path)) {
    await chmod(path, OWNER_ONLY)
    return (await readFile(path, 'utf8')).trim()
  }
  const made = content()
  const file = await open(path, 'wx', OWNER_ONLY)
  try {
    await file.writeFile(`${made}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  return made
}

/** The master key from a text of 64 hex digits; undefined if it is none. Processes on several machines share one. */
export function parseMasterKey(text: string): Buffer | undefined {
  const digits = text.trim()
  return /^[0-9a-fA-F]{64}$/.test(digits) ? Buffer.from(digits, 'hex') : undefined
}

/** A new key in the place of a lost one is a choice, because nothing old would ever match again. */
const lostKey = (path: string): string =>
  `${path} is gone, and the log beside it was written with it. Restore it from a backup; or, to go on with a new one, after which no hash of a value or a credential matches an older one, write 64 random hex digits into it (openssl rand -hex 32)`

/** `token` replaces the stored admin token. Throws where the directory cannot be written, or holds a log and no key, or a broken one. */
export async function loadSecrets(directory: string, token: string | undefined): Promise<Secrets> {
  await ensurePrivateDirectory(resolve(directory))
  const masterFile = join(directory, 'master-key')
  if (!existsSync(masterFile) && existsSync(join(directory, 'log'))) throw new Error(lostKey(masterFile))
  const master = Buffer.from(await keep(masterFile, () => randomBytes(MASTER_BYTES).toString('hex')), 'hex')
  if (master.length !== MASTER_BYTES) {
    throw new Error(`${masterFile} does not hold ${MASTER_BYTES} bytes in hex: restore it from a backup`)
  }
  const tokenFile = join(directory, 'admin-token')
  const adminToken = token ?? (await keep(tokenFile, () => `mw_${randomBytes(24).toString('base64url')}`))
  return { adminToken, tokenFile: token === undefined ? tokenFile : null, keys: tenantKeys(master) }
}
