/** Redaction: what is taken out of texts and ids, what stays, and what names say of their values. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  isSecret,
  looksRandom,
  redactId,
  redactText,
  redactValue,
} from '../../../services/collector/redaction/redact.ts'
import { credentialHash } from '../../../services/lib/credential-hash.ts'
import { namesSecret } from '../../../services/collector/redaction/shapes.ts'

const CASES: readonly (readonly [string, string])[] = [
  ['ghp_0123456789abcdefghijABCDEFGHIJ012345', '[redacted:github-token]'],
  ['github_pat_11ABCDEFG0123456789_abcdefghij', '[redacted:github-token]'],
  ['glpat-abcdefghij0123456789', '[redacted:gitlab-token]'],
  ['xoxb-123456789012-abcdefghijkl', '[redacted:slack-token]'],
  ['https://hooks.slack.com/services/T000/B000/XXXXXXXX', 'https://hooks.slack.com/services/[redacted:slack-webhook]'],
  ['sk-ant-api03-abcdefghijklmnop', '[redacted:anthropic-key]'],
  ['sk-proj-abcdefghijklmnopqrstuvwx', '[redacted:openai-key]'],
  ['rk_live_abcdefgh0123', '[redacted:stripe-key]'],
  ['AIzaSyA0123456789abcdefghijABCDEFGHIJ01', '[redacted:google-key]'],
  ['eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln', '[redacted:jwt]'],
  ['AKIAIOSFODNN7EXAMPLE', '[redacted:aws-key-id]'],
  ['wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', '[redacted:token]'],
  ['curl -H "Authorization: Bearer abcdefgh"', 'curl -H "Authorization: [redacted:password] [redacted:authorization]"'],
  ['curl -u bob:hunter2 https://x.org', 'curl -u bob:[redacted:password] https://x.org'],
  ['postgres://admin:hunter2@db/x', 'postgres://[redacted:url-password]@db/x'],
  ['https://x.org/a?sig=abcdef&page=2', 'https://x.org/a?sig=[redacted:url-secret]&page=2'],
  ['mysql --password hunter2 -u root', 'mysql --password [redacted:password] -u root'],
  ['{"client_secret": "two words"}', '{"client_secret": "[redacted:password]"}'],
  ["DB_PASSWORD='a;b' ./run", "DB_PASSWORD='[redacted:password]' ./run"],
  ['{\\"apiKey\\": \\"abc\\"}', '{\\"apiKey\\": \\"[redacted:password]"}'],
  [`GR1348941${'a1B2c3D4e5'.repeat(2)}`, '[redacted:gitlab-token]'],
  [`ABSK${'QmVkcm9ja0FQSUtleS1'.repeat(4)}=`, '[redacted:aws-bedrock-key]'],
  [`1//0${'aB3-dE6_gH'.repeat(5)}`, '[redacted:google-key]'],
  [`M${'TA1NjQ2'.repeat(4).slice(0, 25)}.GabcDe.${'aB3-dE6_gH'.repeat(3)}`, '[redacted:discord-token]'],
  [`SK${'0123456789abcdef'.repeat(2)}`, '[redacted:twilio-key]'],
  [`key-${'0123456789abcdef'.repeat(2)}`, '[redacted:mailgun-key]'],
  [`${'0123456789abcdef'.repeat(2)}-us12`, '[redacted:mailchimp-key]'],
  [`NRAK-${'ABC123DEF4'.repeat(3)}`, '[redacted:new-relic-key]'],
  [`sbp_${'0123456789abcdef'.repeat(3)}`, '[redacted:supabase-key]'],
  [`lsv2_pt_${'0123456789abcdef'.repeat(2)}_0123456789`, '[redacted:langsmith-key]'],
  [`sk_${'0123456789abcdef'.repeat(3)}`, '[redacted:elevenlabs-key]'],
  [`patAbCdEfGhIjKlMn.${'0123456789abcdef'.repeat(4)}`, '[redacted:airtable-token]'],
  ['pat-eu1-0123abcd-0123-abcd-0123-0123456789ab', '[redacted:hubspot-token]'],
  [`FlyV1 fm2_${'lJPECAAAAA'.repeat(4)}`, '[redacted:fly-token]'],
  [`${'aB3d'.repeat(19)}AZDO1234`, '[redacted:azure-devops-token]'],
  [
    'DefaultEndpointsProtocol=https;AccountKey=YWJj+/==;X=1',
    'DefaultEndpointsProtocol=https;AccountKey=[redacted:password];X=1',
  ],
  ['PGPASSWORD=hunter2 psql', 'PGPASSWORD=[redacted:password] psql'],
  ['mysql -u root -phunter2 shop', 'mysql -u root -p[redacted:password] shop'],
  ['sshpass -p hunter2 ssh a@b', 'sshpass -p [redacted:password] ssh a@b'],
  ['docker login -u a -p hunter2 x.org', 'docker login -u a -p [redacted:password] x.org'],
  ['redis-cli -a hunter2 ping', 'redis-cli -a [redacted:password] ping'],
  // A name in front, whose value would be the words that say what follows.
  [
    'password= docker login -u a -p hunter2 x.org',
    'password= [redacted:password] login -u a -p [redacted:password] x.org',
  ],
  ['password= --token hunter2', 'password= [redacted:password] [redacted:password]'],
  ['secret:\n-u bob:hunter2 x', 'secret:\n[redacted:password] bob:[redacted:password] x'],
  ['run --password "two words" now', 'run --password "[redacted:password]" now'],
  ['<password>hunter2</password>', '<password>[redacted:password]</password>'],
  ['Passwort: hunter2', 'Passwort: [redacted:password]'],
  ['pay with 4111 1111 1111 1111 today', 'pay with [redacted:card-number] today'],
  ['5555555555554444', '[redacted:card-number]'],
  ['3782-822463-10005', '[redacted:card-number]'],
  [
    'seed phrase: legal winner thank year wave sausage worth useful legal winner thank yellow',
    'seed phrase: [redacted:mnemonic]',
  ],
  [`the private key is 0x${'0123456789abcdef'.repeat(4)}`, 'the private key is 0x[redacted:hex-key]'],
]

const KEPT = [
  '/downloads/Invoice_ORDER-104674.txt',
  'arn:aws:secretsmanager:eu-west-1:111122223333:secret:app-secret-0-xehWok',
  '0f8fad5b-d9cb-469f-a165-70867728950e',
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'a basic understanding of token generation',
  'user@example.com',
  'https://docs.google.com/document/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgVE2upms',
  'git commit -m "rotate the secret store"',
  'mysql -P 3306 -u root shop',
  'docker run -p 8080:80 nginx',
  'the key-value store',
  'SKU-1234',
]

describe('redaction of texts', () => {
  it.each(CASES)('%s', (text, redacted) => {
    expect(redactText(text)).toBe(redacted)
    expect(redactText(`before ${text} after`)).toContain('[redacted:')
  })

  it.each(KEPT)('keeps %s', (text) => {
    expect(redactText(text)).toBe(text)
  })

  it('gives its own output back unchanged', () => {
    const texts = fc.oneof(
      fc.constantFrom(...CASES.map(([text]) => text)),
      fc.string(),
      fc.constantFrom('password=', '"', ' '),
    )
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 6 }), (parts) => {
        const once = redactText(parts.join(' '))
        expect(redactText(once)).toBe(once)
      }),
    )
  })

  it('keeps ids that merely look random, and takes known secrets out of them', () => {
    for (const id of ['call_ycwWFibs2RQVTWvnlZQovbKU', 'ASIAIOSFODNN7EXAMPLE', 'toolu_01A09q90qw90lq917835lq9']) {
      expect(redactId(id)).toBe(id)
      expect(isSecret(id)).toBe(false)
    }
    expect(redactId('session ghp_0123456789abcdefghijABCDEFGHIJ012345')).toBe('session [redacted:github-token]')
  })

  it('takes values out by the name of their key, also in OTLP attributes', () => {
    expect(redactValue({ password: 'x', nested: [{ 'X-Api-Key': 1 }], max_tokens: 5, note: 'fine' })).toEqual({
      password: '[redacted:named]',
      nested: [{ 'X-Api-Key': '[redacted:named]' }],
      max_tokens: 5,
      note: 'fine',
    })
    expect(redactValue({ key: 'db.password', value: { stringValue: 'x' } })).toEqual({
      key: 'db.password',
      value: '[redacted:named]',
    })
  })

  it('leaves no half of a secret at the end of a long key', () => {
    for (const length of [1_000, 1_010, 1_020, 4_090]) {
      const text = JSON.stringify(
        redactValue({ [`${'k '.repeat(length / 2)}ghp_0123456789abcdefghijABCDEFGHIJ012345`]: 1 }),
      )
      expect(text).not.toContain('ghp_')
    }
  })

  it('bounds what it reads of a structure', () => {
    const deep = Array.from({ length: 100 }).reduce<unknown>((inner) => ({ inner }), 'end')
    expect(JSON.stringify(redactValue(deep))).toContain('[cut]')
    expect(redactValue(Array.from({ length: 10_000 }, () => 1))).toHaveLength(200)
  })
})

describe('names of secrets', () => {
  it('knows them in every spelling', () => {
    for (const name of ['password', 'clientSecret', 'X-Auth-Token', 'AWS_SECRET_ACCESS_KEY', 'user_password', 'otp']) {
      expect(namesSecret(name), name).toBe(true)
    }
    for (const name of ['max_tokens', 'nextToken', 'secretId', 'tokenizer', 'accessKeyId', 'path', 'passenger']) {
      expect(namesSecret(name), name).toBe(false)
    }
  })
})

describe('randomness', () => {
  it('tells tokens from names', () => {
    expect(looksRandom('aZ3kQ9xW7vB2nM5pL8sD1fG6hJ4tR0yU')).toBe(true)
    for (const name of [
      'thisIsAVeryLongFunctionNameWith1Digit',
      'some_long_table_name_in_snake_case_01',
      'a'.repeat(40),
    ]) {
      expect(looksRandom(name), name).toBe(false)
    }
  })
})

describe('credentials', () => {
  it('are hashed with the key of their tenant', () => {
    const [one, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
    expect(credentialHash(one, 'secret')).toMatch(/^[0-9a-f]{32}$/)
    expect(credentialHash(one, 'secret')).toBe(credentialHash(one, 'secret'))
    expect(credentialHash(other, 'secret')).not.toBe(credentialHash(one, 'secret'))
  })
})

describe('an AWS secret key in a name', () => {
  it('leaves its hash, so that names stay apart, and is taken out once', () => {
    const [one, other] = ['wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6/L9+'].map(
      (secret) => redactId(`agent-of ${secret}`),
    )
    expect(one).toMatch(/^agent-of \[redacted:token-[0-9a-f]{12}\]$/)
    expect(other).not.toBe(one)
    expect(redactId(one as string)).toBe(one)
    // A path of forty characters and a digest are none.
    for (const name of ['services/collector/redaction/redact.tsxx', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'])
      expect(redactId(name)).toBe(name)
  })
})

describe('what only looks like a card, a mnemonic or a key', () => {
  it.each([
    'order 4111 1111 1111 1112',
    'id 4111111111111111111',
    'the mnemonic is short',
    `digest ${'0123456789abcdef'.repeat(4)}`,
    'build 4111.1111.1111.1111',
  ])('stays: %s', (text) => {
    expect(redactText(text)).toBe(text)
  })
})
