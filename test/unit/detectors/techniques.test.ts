/** Every technique that a detector names has a name for people, and a detector that is a step of an attack a tactic. */
import { describe, expect, it } from 'vitest'
import { DETECTORS } from '../../../detectors/registry.ts'
import { TECHNIQUES } from '../../../schemas/techniques.ts'

describe.each(DETECTORS.map((detector) => [detector.id, detector] as const))('%s', (_id, { techniques }) => {
  it('names techniques that are known', () => {
    expect(techniques.filter((technique) => !TECHNIQUES.has(technique))).toEqual([])
  })
  it('speaks of a tactic', () => {
    expect(techniques.some((technique) => TECHNIQUES.get(technique)?.tactic !== null)).toBe(true)
  })
})
