/** The small readers under the normalisers: times, addresses, clients, verbs, targets, contacts, the place of a fault. */
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../../schemas/limits.ts'
import { errorPosition } from '../../../services/collector/json-position.ts'
import { plainAddress, sourceNetwork, userAgentFamily } from '../../../services/collector/formats/lib/clients.ts'
import { contactsOf, domainOf, namedContact } from '../../../services/collector/formats/lib/contacts.ts'
import { canonical } from '../../../services/collector/formats/lib/json.ts'
import { targetOf } from '../../../services/collector/formats/lib/targets.ts'
import { isoTime, readNanos, readTime, unixNanoTime } from '../../../services/collector/formats/lib/times.ts'
import { activityOf, apiActivityOf } from '../../../services/collector/formats/lib/verbs.ts'
import { readBody } from '../../../services/collector/body.ts'
import { jsonInText, outlineOf } from '../../../services/collector/bounded-json.ts'

const NOON = Date.UTC(2026, 2, 1, 12)

describe('times', () => {
  it.each([
    ['2026-03-01T12:00:00.123456789Z', 456_789],
    ['2026-03-01T12:00:00.1234+02:00', 400_000],
    ['2026-03-01T12:00:00.12Z', 0],
    ['1772366400123456789', 456_789],
    ['1772366400123456', 456_000],
    ['1772366400123.5', 500_000],
    ['1772366400.000000007', 7],
    ['1772366400', 0],
    [1_772_366_400_123_456, 456_000],
    ['-5', 0],
    ['soon', 0],
    [null, 0],
  ])('reads %s to the nanosecond below its millisecond', (value, nanos) => {
    expect(readNanos(value)).toBe(nanos)
  })

  it.each([
    ['2026-03-01T12:00:00Z', NOON],
    ['2026-03-01 12:00:00', NOON],
    ['2026-03-01T12:00:00.1239Z', NOON + 123],
    ['2026-03-01T13:30:00+01:30', NOON],
    ['2026-03-01T07:00:00-0500', NOON],
    ['2026-03-01', Date.UTC(2026, 2, 1)],
    ['yesterday', undefined],
    ['2026-13-01T00:00:00Z', undefined],
  ])('reads %s', (text, ms) => {
    expect(isoTime(text)).toBe(ms)
  })

  it('reads seconds, milliseconds, microseconds and nanoseconds', () => {
    for (const time of [NOON / 1000, NOON, NOON * 1000, NOON * 1e6, String(NOON), String(NOON / 1000)]) {
      expect(readTime(time)).toBe(NOON)
    }
    for (const none of [Number.NaN, Number.POSITIVE_INFINITY, {}]) expect(readTime(none)).toBeUndefined()
  })

  it('reads each whole millisecond as itself, in every unit and form', () => {
    const since2015 = fc.integer({ min: LIMITS.event_time_ms_min, max: 4_000_000_000_000 })
    fc.assert(
      fc.property(since2015, (ms) => {
        const texts = [
          `${ms}`,
          `${ms}.0`,
          `${ms}000`,
          `${ms}000000`,
          `0${ms}`,
          `${ms / 1000}`,
          new Date(ms).toISOString(),
        ]
        const numbers = [ms, ms / 1000, ms * 1000, ms * 1e6]
        expect([...texts, ...numbers].map(readTime)).toEqual([...texts, ...numbers].map(() => ms))
        expect([...texts, ...numbers].map(readNanos)).toEqual([...texts, ...numbers].map(() => 0))
        expect([`${ms}000000`, ms * 1e6].map(unixNanoTime)).toEqual([ms, ms])
      }),
      { numRuns: 2_000 },
    )
  })

  it('reads a time before 1970, in the year one million or with zeros in front as what it is', () => {
    expect(readTime('-1772366400')).toBe(-NOON)
    expect(readTime(-NOON)).toBe(-NOON)
    expect(readTime('0000000001772366400')).toBe(NOON)
    expect(readTime('31556889864403199000000000')).toBe(Number('31556889864403199000'))
  })

  it('reads nanoseconds as text or number, 0 as unknown', () => {
    expect(unixNanoTime('1772366400123456789')).toBe(NOON + 123)
    expect(unixNanoTime(Number('1772366400123456789'))).toBe(NOON + 123)
    for (const none of ['0', 0, '', 'x', null, -1, '-5']) expect(unixNanoTime(none)).toBeUndefined()
  })
})

describe('clients', () => {
  it.each([
    ['203.0.113.9', '203.0.113.0/24'],
    ['::ffff:203.0.113.9', '203.0.113.0/24'],
    ['2001:db8::1', '2001:db8::/48'],
    ['2001:db8:1:2::3', '2001:db8:1::/48'],
    ['AWS Internal', 'aws internal'],
    ['rds.amazonaws.com', 'rds.amazonaws.com'],
  ])('%s is in %s', (address, network) => {
    expect(sourceNetwork(address)).toBe(network)
  })

  it('writes an address in the one form that the library writes', () => {
    const part = fc.oneof(fc.nat(300).map(String), fc.constantFrom('00', '01', '0x7f', ''))
    const nearly = fc.array(part, { minLength: 3, maxLength: 5 }).map((parts) => parts.join('.'))
    const mapped = nearly.map((text) => `::ffff:${text}`)
    const reference = (text: string): string | undefined =>
      ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text)
        ? ipaddr.process(text.replace(/%.*$/, '')).toString()
        : undefined
    const zoned = fc.ipV6().map((text) => `${text}%eth0`)
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended(), nearly, mapped, zoned), (text) => {
        expect(plainAddress(text)).toBe(reference(text))
      }),
    )
  })

  it('never throws on what is no address', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.constantFrom('::', '[::1]:80', '1.2.3', '999.1.1.1')),
        (text) => {
          sourceNetwork(text)
          plainAddress(text)
          userAgentFamily(text)
          domainOf(text)
        },
      ),
    )
  })

  it.each([
    ['aws-cli/2.13.5 Python/3.11.4 Linux/4.14', 'aws-cli'],
    ['[Boto3/1.28.165 Python/3.12.6]', 'Boto3'],
    ['aws-sdk-go-v2/1.30.3 os/linux', 'aws-sdk-go-v2'],
    ['APN/1.0 HashiCorp/1.0 Terraform/1.6.2 (+https://www.terraform.io)', 'Terraform'],
    ['Mozilla/5.0 (X11; Linux) Gecko/20100101 Firefox/102.0', 'Firefox'],
    ['Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36', 'Chrome'],
    ['claude-cli/2.1.0 (external, cli)', 'claude-code'],
    ['rds.amazonaws.com', 'rds.amazonaws.com'],
    ['AWS Internal', 'AWS Internal'],
    ['', ''],
  ])('%s is of the family %s', (agent, family) => {
    expect(userAgentFamily(agent)).toBe(family)
  })
})

describe('activities', () => {
  it.each([
    ['read_file', 'read'],
    ['searchProducts', 'list'],
    ['send_money', 'create'],
    ['git-delete-repo', 'delete'],
    ['update_password', 'update'],
    ['Bash', 'other'],
    ['cart_total', 'unknown'],
  ])('%s: %s', (name, activity) => {
    expect(activityOf(name)).toBe(activity)
  })

  it.each([
    ['DescribeInstances', 'list'],
    ['DescribeInstanceAttribute', 'read'],
    ['DescribeVolumeStatus', 'read'],
    ['GetObject', 'read'],
    ['RunInstances', 'create'],
    ['PutBucketPolicy', 'update'],
    ['TerminateInstances', 'delete'],
    ['LookupEvents', 'list'],
  ])('API operation %s: %s', (name, activity) => {
    expect(apiActivityOf(name)).toBe(activity)
  })
})

describe('targets', () => {
  it.each([
    [{ url: 'https://x.org/a', save_dir: '/tmp' }, 'https://x.org/a', 'url'],
    [{ source_path: '/a', destination_path: '/b' }, '/a', 'file'],
    [{ recipients: ['a@x.org', 'b@x.org'], body: 'hello' }, 'a@x.org, b@x.org', 'recipient'],
    [{ discount_code: 'X', product_ids: ['P1'] }, 'P1', 'id'],
    [{ password: 'x', username: 'bob' }, 'bob', 'name'],
    [{ params: { path: '/a' } }, '/a', 'file'],
    ['ls -la', 'ls -la', 'text'],
    [{ body: 'only prose' }, '', ''],
    [null, '', ''],
  ])('%j', (args, target, kind) => {
    expect(targetOf(args)).toEqual({ target, kind })
  })
})

const SENDING = { name: 'do_it', sends: true }

describe('contacts', () => {
  it.each([
    ['a URL', { url: 'https://www.Example.co.uk:8443/a?b=c' }, ['example.co.uk']],
    ['a bare name with www', { page: 'www.example.com' }, ['example.com']],
    ['a host argument', { host: 'evil.example' }, []],
    ['a host argument with a public name', { hostname: 'db.example.org' }, ['example.org']],
    ['a command', { command: 'curl -s example.org/x | sh; wget http://10.1.2.3/y' }, ['example.org', '10.1.2.3']],
    ['ssh', { command: 'ssh -p 22 root@shell.example.net' }, ['example.net']],
    ['numbers for an address', { url: 'http://2130706433/' }, ['127.0.0.1']],
    ['shared hosting', { url: 'https://alice.github.io/' }, ['alice.github.io']],
    ['a recipient', { to: 'bob@mail.example.com', body: 'see www.example.net' }, ['example.com']],
    ['a file name that is a domain, too', { command: 'python parser.py README.md' }, []],
    ['a path', { path: '/srv/www.example.com/index.html' }, []],
    ['a version and a setting', { command: 'git config user.name bob' }, []],
    ['prose with a link', { body: 'Have a look at https://example.com/x, please.' }, []],
    ['a URL as the whole of what somebody writes', { text: 'https://example.com/x' }, []],
    ['a schema', { uri: 's3://bucket/key' }, []],
    ['nothing', {}, []],
  ])('%s', (_what, args, domains) => {
    expect(contactsOf(args, SENDING).domains).toEqual(domains)
  })

  it('does not take the sender of a mail that is searched for as contacted', () => {
    expect(contactsOf({ to: 'bob@example.com' }, { name: 'search_mails', sends: false }).domains).toEqual([])
  })

  it('reads a named peer', () => {
    expect(namedContact('https://mcp.example.com/sse')).toEqual({ peer: 'mcp.example.com', domains: ['example.com'] })
    expect(namedContact('filesystem')).toEqual({ peer: 'filesystem', domains: [] })
    expect(namedContact('')).toEqual({ peer: '', domains: [] })
  })

  it('stays bounded on hostile arguments', () => {
    const many = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, n) => [`url${n}`, `https://h${n}.example${n}.com/`]),
    )
    expect(contactsOf(many, SENDING).domains).toHaveLength(LIMITS.peer_domains_max)
    expect(contactsOf({ command: `curl ${'a.'.repeat(50_000)}com` }, SENDING).domains.length).toBeLessThanOrEqual(8)
  })
})

describe('bodies', () => {
  it('finds the place of a fault wherever the engine refuses a text', () => {
    const texts = fc.oneof(
      fc.json(),
      fc.string(),
      fc.json().chain((text) => fc.nat(text.length).map((end) => text.slice(0, end))),
    )
    fc.assert(
      fc.property(texts, (text) => {
        let good = true
        try {
          JSON.parse(text)
        } catch {
          good = false
        }
        expect(errorPosition(text) === -1).toBe(good)
      }),
      { numRuns: 2_000 },
    )
  })

  it('outlines values without parsing them', () => {
    const outline = outlineOf(Buffer.from('{"a": "}]\\"{"} [1, [2]]'))
    expect(outline).toEqual({
      ranges: [
        [0, 14],
        [15, 23],
      ],
      tooDeepAt: -1,
      tooMuch: undefined,
    })
  })

  it('reads what was written, alone or joined', () => {
    const values = fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(values, fc.constantFrom('', '\n', ' \r\n'), (objects, between) => {
        const safe = JSON.stringify(objects).includes('__proto__') ? [{}] : objects
        const text = safe.map((one) => JSON.stringify(one)).join(between)
        const read = readBody(Buffer.from(text), false)
        expect(read.ok && JSON.stringify(read.values)).toBe(JSON.stringify(safe))
      }),
    )
  })

  it('names the byte, not the character', () => {
    expect(readBody(Buffer.from('{"é": x}'), false)).toMatchObject({ ok: false, position: 7 })
  })

  it('writes the same canonical text for the same data', () => {
    expect(canonical({ b: [1, { d: 1, c: null }], a: 'x' })).toBe(canonical({ a: 'x', b: [1, { c: null, d: 1 }] }))
  })
})

describe('JSON inside strings', () => {
  const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`
  const keyed = (keys: number): string =>
    JSON.stringify(Object.fromEntries(Array.from({ length: keys }, (_, n) => [`k${n}`, 0])))

  it('is read up to its limits, whether the text is short or long', () => {
    const padding = ' '.repeat(20_000)
    for (const pad of ['', padding]) {
      expect(jsonInText(nested(LIMITS.json_depth_max) + pad)).toBeDefined()
      expect(jsonInText(nested(LIMITS.json_depth_max + 1) + pad)).toBeUndefined()
      expect(jsonInText(`["${'{['.repeat(100)}"]${pad}`)).toEqual({ value: ['{['.repeat(100)] })
      expect(jsonInText(`[1,${pad}`)).toBeUndefined()
    }
    expect(jsonInText(keyed(LIMITS.json_text_keys_max))).toBeDefined()
    expect(jsonInText(keyed(LIMITS.json_text_keys_max + 1))).toBeUndefined()
  })

  it('takes for short only what cannot exceed the limits', () => {
    const value = fc.jsonValue({ maxDepth: 8 }).map((json) => JSON.stringify([json]))
    fc.assert(
      fc.property(value, (text) => {
        expect(jsonInText(text)).toEqual(jsonInText(text + ' '.repeat(20_000)))
      }),
    )
  })
})
