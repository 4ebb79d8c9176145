/**
 * How commands normalise what they read: as the service does behind its inputs, with the tenant `default` and a fixed key, so
 * that two runs on two machines compare. No finding holds a keyed hash: the key changes none.
 */
import { createHmac, hash } from 'node:crypto'
import { createExtractor } from '../../collector/indicators/index.ts'
import { memo } from '../../collector/memo.ts'
import type { NormaliseContext } from '../../collector/normalise.ts'
import { tenantKeys } from '../../lib/secrets.ts'
import { PROVISIONAL_RECEIPT_MS } from './packed.ts'

const IMPORT_TENANT = 'default'
/** Not a secret: it keys hashes that leave no command. */
const IMPORT_MASTER_KEY = Buffer.from('moltwatch replay, a key that is public')

export function importContext(): NormaliseContext {
  const keys = tenantKeys(IMPORT_MASTER_KEY)
  const credentialKey = keys.forCredentials(IMPORT_TENANT)
  const keyed = memo((digest) => createHmac('sha256', credentialKey).update(Buffer.from(digest, 'hex')).digest('hex'))
  return {
    tenant: IMPORT_TENANT,
    sender: '',
    receiptTime: PROVISIONAL_RECEIPT_MS,
    history: false,
    assurance: 'claimed',
    extractor: createExtractor({ key: keys.forTenant(IMPORT_TENANT) }),
    hashCredential: (secret) => keyed(hash('sha256', secret, 'hex')),
  }
}
