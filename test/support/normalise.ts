/** A context for normalisers, with fixed keys and a fixed receipt time. */
import { createExtractor } from '../../services/collector/indicators/index.ts'
import type { NormaliseContext } from '../../services/collector/normalise.ts'
import { credentialHash } from '../../services/lib/credential-hash.ts'

const KEY = Buffer.alloc(32, 7)
const EXTRACTOR = createExtractor({ key: KEY })
export const RECEIPT_TIME = Date.UTC(2026, 6, 1)

export const normaliseContext = (more: Partial<NormaliseContext> = {}): NormaliseContext => ({
  tenant: 'acme',
  sender: 'shipper',
  receiptTime: RECEIPT_TIME,
  history: false,
  assurance: 'claimed',
  extractor: EXTRACTOR,
  hashCredential: (secret) => credentialHash(KEY, secret),
  ...more,
})
