/** What is no address is no source: blanks, lists of proxies and odd spellings once made a thief's network look new or old. */
import { describe, expect, it } from 'vitest'
import { sourceBehind, sourceNetwork, sourceOf } from '../../services/collector/formats/lib/clients.ts'

describe('where a request came from', () => {
  it.each([
    ['198.51.100.7', '198.51.100.7'],
    [' 198.51.100.7\t', '198.51.100.7'],
    ['198.51.100.7:443', '198.51.100.7'],
    ['[2001:db8::7]:443', '2001:db8::7'],
    ['2001:DB8:0::7', '2001:db8::7'],
    ['::ffff:198.51.100.7', '198.51.100.7'],
    // The sender wrote the first ones himself.
    ['203.0.113.9, 198.51.100.7', '198.51.100.7'],
    ['203.0.113.9, 198.51.100.7, 10.0.0.3, 192.168.1.1', '198.51.100.7'],
    ['10.0.0.3, 10.0.0.4', '10.0.0.3'],
    ['unknown, 198.51.100.7', '198.51.100.7'],
    // Values of their own.
    ['010.0.0.1', '010.0.0.1'],
    ['cloudformation.amazonaws.com', 'cloudformation.amazonaws.com'],
    ['one, two', 'one, two'],
  ])('%j is %s', (text, source) => {
    expect(sourceOf(text)).toBe(source)
  })

  it.each([
    ['198.51.100.7, 203.0.113.4', '198.51.100.7'],
    ['9.9.9.9, 198.51.100.7, 203.0.113.4, 2001:db8:1::9, 10.0.0.1', '198.51.100.7'],
    ['203.0.113.4, 10.0.0.1', '203.0.113.4'],
    ['::ffff:198.51.100.7, 203.0.113.200:443', '198.51.100.7'],
    ['198.51.100.7, 192.0.2.1', '198.51.100.7'],
    ['198.51.100.7, 192.0.2.2', '192.0.2.2'],
    ['203.0.113.4', '203.0.113.4'],
    ['cloudformation.amazonaws.com', 'cloudformation.amazonaws.com'],
  ])('behind proxies that are known, %j is %s', (text, source) => {
    expect(sourceBehind(text, ['203.0.113.0/24', '2001:db8:1::/48', '192.0.2.1'])).toBe(source)
  })

  it('is one network however it is written', () => {
    const spellings = ['198.51.100.7', ' 198.51.100.9', '203.0.113.1,198.51.100.8', '::ffff:198.51.100.1']
    expect(new Set(spellings.map((text) => sourceNetwork(sourceOf(text)))).size).toBe(1)
  })
})
