/**
 * Fires when money goes to an account that was never paid, for a payee that was always paid on another one: a vendor's
 * name or record that went with one account, three times or more, goes with a new one.
 *
 * Why: an invoice fraudster does not send a new bill but changes the account on a known one. A new payee comes every
 * few days and means nothing; a known payee with a new account is what invoice fraud looks like.
 *
 * How: a payment is tied to the values of its arguments or, if the log keeps none, to what its session looked at since
 * the last payment. For each of them, the accounts are remembered by keyed hash. A value that went with many accounts,
 * like a currency, says nothing. A value that went with one is bound to it.
 *
 * Misses: a payee that was never paid before; payments without a session whose arguments are not logged; a payee that
 * has several accounts; the first days of an agent.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import { VALUE_KINDS } from '../../schemas/indicators.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector } from '../detector.ts'
import { ActWords, actWords, hasWord, wordSet } from '../lib/act-words.ts'
import { earliest } from '../lib/fields.ts'
import { list } from '../lib/list.ts'

const DAY_MS = 86_400_000
/** Things that a payment may be bound to. */
const BOUND = 8
const ACCOUNT = VALUE_KINDS.indexOf('account')
const LEAF = VALUE_KINDS.indexOf('leaf')
/** Payments remembered of a payee. */
const PAYMENTS = 4

const Settings = Type.Object({
  payments_min: Type.Integer({
    default: 3,
    minimum: 1,
    maximum: PAYMENTS,
    description: 'Payments to the old account that bind the payee to it',
  }),
  known_ms: Type.Integer({ default: DAY_MS, description: 'How long before the payee must have been paid at first' }),
})

const PAYS = wordSet('pay payment payout transfer wire remit remittance refund disburse disbursement')
const LOOKS = wordSet('get list read search lookup check view status limit approve reject cancel match')
const ACCOUNTS = wordSet('account iban wallet payee beneficiary recipient bank')

function isPayment(event: EventView): boolean {
  const words = actWords(event)
  return hasWord(words, PAYS) && !hasWord(words, LOOKS) && event.outcome !== 'denied' && event.outcome !== 'failure'
}

/** Fingerprint of the paid account: the target if it is one, else the first account among the values; 0 for none. */
function accountOf(event: EventView): number {
  if (event.target !== '' && hasWord(new ActWords(event.target_kind.toLowerCase().split(/[^a-z]+/)), ACCOUNTS))
    return hash32(event.target) || 1
  const at = event.value_kinds.indexOf(ACCOUNT)
  return at < 0 ? 0 : hash32(event.value_hashes[at] ?? '') || 1
}

/** What the payment says of itself: its leaf values but for the account. */
function valuesOf(event: EventView): number[] {
  const account = event.value_hashes[event.value_kinds.indexOf(ACCOUNT)]
  return event.value_hashes
    .filter((value, i) => event.value_kinds[i] === LEAF && value !== account)
    .slice(0, BOUND)
    .map((value) => hash32(value) || 1)
}

/** What the session looked at since its last payment. */
const open = { looked: list({ cap: BOUND, columns: { print: 'u32' } }) }

export const newBeneficiary = defineDetector({
  id: 'intent/new-beneficiary',
  version: 1,

  title: 'Known payee paid on a new account',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['session'], ['target', 'value_hashes']], learns_ms: 1 * 86_400_000 },
  techniques: ['T1657', 'ASI02', 'ASI09'],
  falsePositives: ['A vendor that changed its bank: record the approval of the change with the payment'],

  settings: Settings,
  key: 'session',
  state: open,

  matches: (event) => event.kind !== 'message' && (event.target !== '' || event.value_hashes.length > 0),
  step({ event, state, send }) {
    const { looked } = state
    if (!isPayment(event)) {
      if (event.target === '') return undefined
      const print = hash32(event.target) || 1
      if (looked.indexOf('print', print) >= 0) return undefined
      const place = looked.push()
      if (place >= 0) looked.set('print', place, print)
      return undefined
    }
    const account = accountOf(event)
    const values = valuesOf(event)
    const bound = values.length > 1 ? values : Array.from({ length: looked.length }, (_, k) => looked.get('print', k))
    looked.clear()
    if (account === 0) return undefined
    // Payments that somebody approved, or that a person makes by hand, are learned but not reported.
    const value = event.approval !== '' || event.principal_kind === 'person' ? 0 : 1
    for (const print of new Set(bound)) send({ keyKind: 'target', key: `paid ${print}`, fingerprint: account, value })
    return undefined
  },

  second: {
    keys: ['target'],
    state: { accounts: earliest({ size: 4 }), payments: earliest({ size: PAYMENTS }) },
    absorb({ signal, state, time, tie, evidence }) {
      state.accounts.add(signal.fingerprint, time, tie)
      state.payments.add(tie || 1, time, tie)
      if (signal.value === 0) return undefined
      const proof = evidence()
      return {
        why: `${signal.identity} paid a known payee on a new account, ${proof.target || 'named in its arguments'} (${proof.action}), without an approval; all earlier payments went to one other account.`,
        observed: { account: proof.target, action: proof.action },
        expected: { accounts_of_the_payee: 1 },
        level: signal.fingerprint.toString(16),
        rooted: false,
        evidence: [proof],
        later: true,
      }
    },
    decide({ candidate, state, settings }) {
      const { time, tie, fingerprint } = candidate
      const others = state.accounts.countBefore(time, tie, fingerprint)
      const all = state.accounts.countBefore(time, tie, 0)
      const longAgo = state.accounts.countBefore(time - settings.known_ms, tie, fingerprint)
      const paid = state.payments.countBefore(time, tie, 0)
      // Bound to one account, which is not this one.
      if (others !== 1 || all !== 1 || longAgo !== 1 || paid < settings.payments_min) return { fire: false }
      return { fire: true, observed: { payments_to_the_old_account_min: paid } }
    },
  },
})
