/** Options of a command that try another false-alarm budget than the default. */
import { expect, test } from 'vitest'
import { emptyConfiguration } from '../../../schemas/configuration.ts'
import { underBudget } from '../../../services/commands/lib/budget.ts'

const detection = { detectors: [], codeVersion: 'test' }

test('without the options everything stays as it is', () => {
  expect(underBudget(detection, {})).toBe(detection)
})

test('what was asked for lies over the configuration', () => {
  const configuration = { ...emptyConfiguration(), trusted_peers: ['corp.example'] }
  expect(underBudget({ ...detection, configuration }, { highPer1000: '40' }).configuration).toEqual({
    ...configuration,
    false_per_1000: { high: 40 },
  })
  expect(underBudget(detection, { falsePer1000: '0', highPer1000: '0' }).configuration?.false_per_1000).toEqual({
    medium: 0,
    high: 0,
  })
})

test.each(['', 'many', '-1', '1001', 'NaN'])('refuses %j', (text) => {
  expect(() => underBudget(detection, { falsePer1000: text })).toThrow('--false-per-1000 takes a number')
})
