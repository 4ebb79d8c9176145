/** Figures in the words of a finding: which are said, how, and when they are said already. */
import { expect, it } from 'vitest'
import { counted } from '../../../schemas/counted.ts'
import { figureOf, withExpected } from '../../../services/detector/engine/expected-words.ts'

it('says what was expected behind the sentence, bounds as bounds', () => {
  const expected = { records_max: 4, regularity_below: 0.7, days_before_min: 5, bytes_a_day: 1_234_567.8, contacts: 0 }
  expect(withExpected('It did.', { ...expected, known_networks: ['198.51.100.0/24'], before: 'by somebody' })).toBe(
    'It did. Expected: records at most 4, regularity below 0.7, days before at least 5, bytes a day 1,234,568, contacts 0.',
  )
  expect(withExpected('It did.', {})).toBe('It did.')
})

it('says nothing twice, and is not deceived by a figure within another', () => {
  expect(withExpected('It deleted 40; usual are 4.', { deleted_a_day: 4 })).toBe('It deleted 40; usual are 4.')
  for (const why of ['It deleted 40.', 'It came from 4.2.3.1.', 'It did 0.4 of it.', 'It did so at 14:44.'])
    expect(withExpected(why, { deleted_a_day: 4 })).toBe(`${why} Expected: deleted a day 4.`)
})

it('writes a figure as a person does', () => {
  expect([0, 0.000012345, 0.5238, 12.3456, 999.9, 1_000, 12_345.6, 1e9].map(figureOf)).toEqual([
    '0',
    '0.0000123',
    '0.524',
    '12.3',
    '1000',
    '1,000',
    '12,346',
    '1,000,000,000',
  ])
})

it('knows that one is no plural', () => {
  expect([counted(1, 'event'), counted(0, 'event'), counted(1, 'identity', 'identities')]).toEqual([
    '1 event',
    '0 events',
    '1 identity',
  ])
  expect(counted(2, 'identity', 'identities')).toBe('2 identities')
})
