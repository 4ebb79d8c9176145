/**
 * Two tenants over one service, with the same names and different content: every row of globex carries a secret that no
 * request of acme holds.
 */
import { event, T0, warehouse } from '../warehouse/support.ts'
import {
  type Api,
  api,
  auditLog,
  delivery,
  fill,
  finding,
  incident,
  letter,
  outcome,
  quarantine,
  sink,
  suppression,
  token,
} from './support.ts'

export const SECRET = 'only-globex-knows-this'
const N = 12
const count = Array.from({ length: N }, (_, n) => n)

/** The API over both tenants. */
export async function twoTenants(): Promise<Api> {
  const store = await warehouse()
  for (const [tenant, mark] of [
    ['acme', 'plain'],
    ['globex', SECRET],
  ] as const) {
    const events = count.map((n) =>
      event(n, {
        tenant,
        owner: mark,
        target: mark,
        user_agent: mark,
        source_address: mark,
        peer_domains: [mark, 'a.example'],
        credential: mark,
      }),
    )
    const evidence = events.slice(0, 3).map(({ event_id }) => ({
      event_id,
      source_id: mark,
      time: new Date(T0).toISOString(),
      action: '',
      target: mark,
    }))
    await fill(store, {
      events,
      findings: count.map((n) => finding(n, { tenant, why: mark, evidence })),
      letters: count.map((n) => letter(n, { tenant, detail: mark, record: mark })),
    })
  }
  return api(store, {
    carriedOut: true,
    // The example of the documents orders this identity to be held back.
    quarantines: [
      quarantine(1, { identity: 'deploy-agent' }),
      ...count.map((n) => quarantine(n, { tenant: 'globex', reason: SECRET })),
    ],
    incidents: [
      incident(1),
      incident(2, { finding_ids: [finding(1).id] }),
      ...count.map((n) => incident(n, { tenant: 'globex', owner: SECRET })),
    ],
    suppressions: [suppression(1), ...count.map((n) => suppression(n, { tenant: 'globex', reason: SECRET }))],
    outcomes: [outcome(1), ...count.map((n) => outcome(n, { tenant: 'globex', reason: SECRET }))],
    audit: [...auditLog(3), ...auditLog(N, { tenant: 'globex', reason: SECRET })],
    tokens: [token(1), ...count.map((n) => token(n, { tenant: 'globex', reason: SECRET }))],
    switches: ['acme', 'globex'].map((tenant) => ({
      tenant,
      stopped: true,
      by: 'boss',
      reason: tenant === 'acme' ? 'A drill.' : SECRET,
      time: new Date(T0).toISOString(),
    })),
    sinks: [sink('siem', { tenant: 'acme' }), ...count.map((n) => sink(`${SECRET}-${n}`, { tenant: 'globex' }))],
    deliveries: [delivery(1), ...count.map((n) => delivery(n, { tenant: 'globex', last_outcome: SECRET }))],
  })
}
