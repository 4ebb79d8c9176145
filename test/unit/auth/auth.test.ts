/** Tokens: what is accepted, what is refused, and that no header can make the check throw. */
import { hash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAuthenticator, permit, permitScope, type TokenSpec } from '../../../services/lib/auth.ts'

const TOKENS: TokenSpec[] = [
  { name: 'boss', token: 'mw_boss', tenant: 'acme', role: 'admin', scopes: ['live', 'history'] },
  { name: 'soc', sha256: hash('sha256', 'mw_soc'), tenant: 'acme', role: 'analyst', scopes: [] },
  { name: 'shipper', token: 'mw_ship', tenant: 'globex', role: 'ingest', scopes: ['history'] },
]

describe('createAuthenticator', () => {
  const authenticate = createAuthenticator(TOKENS)

  it('gives the tenant and role of a known token, however it was configured', () => {
    expect(authenticate('Bearer mw_boss')).toMatchObject({ ok: true, grant: { tenant: 'acme', role: 'admin' } })
    expect(authenticate('bearer  mw_soc')).toMatchObject({ ok: true, grant: { name: 'soc', role: 'analyst' } })
    expect(authenticate('Bearer mw_ship')).toMatchObject({ ok: true, grant: { tenant: 'globex' } })
  })

  it('refuses every other header with 401 and never throws', () => {
    const header = fc.option(
      fc.oneof(
        fc.string(),
        fc.string().map((word) => `Bearer ${word}`),
        fc.constant(`Bearer ${'x'.repeat(5_000)}`),
      ),
      { nil: undefined },
    )
    fc.assert(
      fc.property(header, (value) => {
        fc.pre(!TOKENS.some((_, i) => value?.trim().endsWith(['mw_boss', 'mw_soc', 'mw_ship'][i] as string)))
        expect(authenticate(value)).toMatchObject({ ok: false, status: 401, code: 'unauthenticated' })
      }),
    )
  })

  it('refuses tokens that cannot be told apart, and empty ones', () => {
    const twin: TokenSpec = { name: 'twin', token: 'mw_boss', tenant: 'globex', role: 'admin', scopes: [] }
    expect(() => createAuthenticator([...TOKENS, twin])).toThrow(/two tokens are the same/)
    expect(() => createAuthenticator([{ ...twin, token: '' }])).toThrow(/"twin"/)
    expect(() => createAuthenticator([{ ...twin, tenant: '' }])).toThrow(/names no tenant/)
  })
})

describe('permit', () => {
  const grantOf = (header: string) => {
    const outcome = createAuthenticator(TOKENS)(header)
    if (!outcome.ok) throw new Error(outcome.message)
    return outcome.grant
  }

  it('lets admins do everything, responders hold back, analysts triage, and ingest send', () => {
    const allowed = (header: string) =>
      (['read', 'triage', 'order', 'send', 'administer'] as const).filter((right) => permit(grantOf(header), right).ok)
    expect(allowed('Bearer mw_boss')).toEqual(['read', 'triage', 'order', 'send', 'administer'])
    expect(allowed('Bearer mw_soc')).toEqual(['read', 'triage'])
    expect(allowed('Bearer mw_ship')).toEqual(['send'])
  })

  it('says which role or scope is missing', () => {
    expect(permit(grantOf('Bearer mw_ship'), 'read')).toMatchObject({
      status: 403,
      message: expect.stringMatching(/admin or responder or analyst/),
    })
    expect(permitScope(grantOf('Bearer mw_ship'), 'history').ok).toBe(true)
    expect(permitScope(grantOf('Bearer mw_ship'), 'live')).toMatchObject({
      status: 403,
      message: expect.stringMatching(/needs live/),
    })
  })
})
