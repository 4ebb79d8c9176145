/**
 * Secrets to plant: one maker for each kind that redaction knows, and the places of a JSON value where a sender can write a
 * text. Every secret holds the same mark at its beginning and at its end, spelled as its alphabet allows, so that one
 * search of any store finds every one of them, and halves that a wrong cut left.
 */
import { type Path, replaced } from './json-paths.ts'

/** In hex digits, which every alphabet but that of cards and of words has. */
const MARK = 'c0ffee5eed'
const CARD_MARK = '453298761'
const WORD_MARK = 'velvet walrus'

const PLANTED = new RegExp(`${MARK}|${CARD_MARK.replace(/\d{4}/g, '$&[ -]?')}|${WORD_MARK}`, 'i')

/** Whether a text holds something of a planted secret. */
export const isPlanted = (text: string): boolean => PLANTED.test(text)

/** How each secret differs from the one before: digits that are the same in every alphabet of hex. */
const serial = (n: number, length: number): string =>
  Array.from({ length }, (_, i) => ((n * 7 + i * i * 5 + i * 3) % 16).toString(16)).join('')

const hex = (n: number, length: number): string => `${MARK}${serial(n, Math.max(0, length - 2 * MARK.length))}${MARK}`
const HEX_CHARS_MIN = 2 * MARK.length

/** As a real token of letters and digits: mixed in case, the marks within. */
const mixed = (n: number, length: number): string =>
  MARK +
  Array.from({ length: length - HEX_CHARS_MIN }, (_, i) =>
    'aZ3kQ9xW7vB2nM5pL8sD1fG6hJ4tR0yU'.charAt((i * 5 + n * 3) % 32),
  ).join('') +
  MARK

const base64url = (text: string): string => Buffer.from(text).toString('base64url')

/** Sixteen digits of a large issuer with Luhn's check digit. */
function card(n: number): string {
  const digits = `${CARD_MARK}${String(n % 1_000_000).padStart(6, '0')}`
  for (let last = 0; last < 10; last++) {
    const sum = Array.from(`${digits}${last}`, Number)
      .toReversed()
      .reduce((all, digit, place) => {
        const value = place % 2 === 0 ? digit : digit * 2
        return all + (value > 9 ? value - 9 : value)
      }, 0)
    if (sum % 10 === 0) return `${digits}${last}`
  }
  return digits
}

/** A text that holds a secret of one kind; each `n` gives another. */
export type Plant = (n: number) => string

/** Whoever has one of these alone has a secret: nothing that is kept may hold it. */
export const SECRETS: ReadonlyMap<string, Plant> = new Map<string, Plant>([
  ['private key', (n) => `-----BEGIN RSA PRIVATE KEY-----\n${mixed(n, 64)}\n-----END RSA PRIVATE KEY-----`],
  [
    'private key in one line',
    (n) => `-----BEGIN OPENSSH PRIVATE KEY-----\\n${mixed(n, 64)}\\n-----END OPENSSH PRIVATE KEY-----`,
  ],
  ['PGP key', (n) => `-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n${mixed(n, 64)}\n-----END PGP PRIVATE KEY BLOCK-----`],
  ['JSON Web Token', (n) => `eyJhbGciOiJIUzI1NiJ9.${base64url(`{"sub":"${n}"}`)}${MARK}.${mixed(n, 43)}`],
  ['GitHub', (n) => `ghp_${mixed(n, 36)}`],
  ['GitHub, fine grained', (n) => `github_pat_11${mixed(n, 60)}`],
  ['GitHub app', (n) => `ghs_${mixed(n, 36)}`],
  ['GitLab', (n) => `glpat-${mixed(n, 22)}`],
  ['GitLab runner', (n) => `GR1348941${mixed(n, 22)}`],
  ['GitLab deploy', (n) => `gldt-${mixed(n, 22)}`],
  ['Slack bot', (n) => `xoxb-123456789012-${mixed(n, 24)}`],
  ['Slack app', (n) => `xapp-1-A01-${mixed(n, 32)}`],
  ['Slack webhook', (n) => `https://hooks.slack.com/services/T000/B000/${mixed(n, 24)}`],
  ['Discord webhook', (n) => `https://discord.com/api/webhooks/123456789012345678/${mixed(n, 68)}`],
  ['Discord bot', (n) => `M${mixed(n, 24)}.GabcDe.${mixed(n, 30)}`],
  ['Anthropic', (n) => `sk-ant-api03-${mixed(n, 90)}`],
  ['OpenAI', (n) => `sk-${mixed(n, 48)}`],
  ['OpenAI project', (n) => `sk-proj-${mixed(n, 80)}`],
  ['OpenRouter', (n) => `sk-or-v1-${hex(n, 64)}`],
  ['ElevenLabs', (n) => `sk_${hex(n, 48)}`],
  ['Stripe', (n) => `sk_live_${mixed(n, 24)}`],
  ['Stripe, restricted', (n) => `rk_live_${mixed(n, 24)}`],
  ['Stripe webhook', (n) => `whsec_${mixed(n, 32)}`],
  ['Google', (n) => `AIza${mixed(n, 35)}`],
  ['Google OAuth client', (n) => `GOCSPX-${mixed(n, 28)}`],
  ['Google access', (n) => `ya29.${mixed(n, 100)}`],
  ['Google refresh', (n) => `1//0${mixed(n, 60)}`],
  ['npm', (n) => `npm_${mixed(n, 36)}`],
  ['PyPI', (n) => `pypi-AgEIcHlwaS5vcmc${mixed(n, 80)}`],
  ['Hugging Face', (n) => `hf_${mixed(n, 34)}`],
  ['SendGrid', (n) => `SG.${mixed(n, 22)}.${mixed(n, 43)}`],
  ['Telegram', (n) => `123456789:AA${mixed(n, 33)}`],
  ['Vault', (n) => `hvs.${mixed(n, 90)}`],
  ['DigitalOcean', (n) => `dop_v1_${hex(n, 64)}`],
  ['Databricks', (n) => `dapi${hex(n, 32)}`],
  ['Shopify', (n) => `shpat_${hex(n, 32)}`],
  ['Bedrock', (n) => `ABSK${mixed(n, 100)}=`],
  ['Twilio', (n) => `SK${hex(n, 32)}`],
  ['Mailgun', (n) => `key-${hex(n, 32)}`],
  ['Mailchimp', (n) => `${hex(n, 32)}-us12`],
  ['New Relic', (n) => `NRAK-${mixed(n, 27).toUpperCase()}`],
  ['Supabase', (n) => `sbp_${hex(n, 40)}`],
  ['LangSmith', (n) => `lsv2_pt_${hex(n, 32)}_0123456789`],
  ['Airtable', (n) => `patAbCdEfGhIjKlMn.${hex(n, 64)}`],
  ['HubSpot', (n) => `pat-eu1-${hex(n, 36)}`],
  ['Fly', (n) => `FlyV1 fm2_${mixed(n, 80)}`],
  ['Azure DevOps', (n) => `${mixed(n, 76)}AZDO1234`],
  ['age', (n) => `AGE-SECRET-KEY-1${mixed(n, 58).toUpperCase()}`],
  ['Moltbook', (n) => `moltbook_sk_${mixed(n, 32)}`],
  ['AWS secret key', (n) => `${mixed(n, 46).slice(0, 36)}/K7a`],
  ['bearer', (n) => `Authorization: Bearer ${mixed(n, 32)}`],
  ['basic', (n) => `Authorization: Basic ${mixed(n, 32)}`],
  ['cookie', (n) => `Cookie: session=${mixed(n, 32)}; theme=dark`],
  ['set-cookie', (n) => `set-cookie: sid=${mixed(n, 32)}; Path=/`],
  ['password of an address', (n) => `postgres://root:${mixed(n, 24)}@db.example.com/x`],
  ['signature in an address', (n) => `https://x.example.com/a?X-Amz-Signature=${hex(n, 64)}&b=1`],
  ['shared access signature', (n) => `https://x.blob.core.windows.net/c/b?sv=2024-01-01&sig=${mixed(n, 40)}%3D`],
  ['AWS session in an address', (n) => `https://s3.example.com/?X-Amz-Security-Token=${mixed(n, 80)}`],
  ['AWS session token', (n) => `aws_session_token = ${mixed(n, 120)}`],
  ['AWS secret by its name', (n) => `AWS_SECRET_ACCESS_KEY=${mixed(n, 40)}`],
  [
    'Azure storage',
    (n) => `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${mixed(n, 60)}==;EndpointSuffix=x`,
  ],
  ['Azure service bus', (n) => `Endpoint=sb://x/;SharedAccessKeyName=a;SharedAccessKey=${mixed(n, 43)}=`],
  ['password', (n) => `password=${mixed(n, 20)}`],
  ['password in JSON', (n) => `{"db_password": "${mixed(n, 20)} and more"}`],
  ['password in escaped JSON', (n) => `{\\"apiKey\\": \\"${mixed(n, 20)}\\"}`],
  ['password in YAML', (n) => `client_secret: ${mixed(n, 30)}`],
  ['password in XML', (n) => `<password>${mixed(n, 20)}</password>`],
  ['password in German', (n) => `Passwort: ${mixed(n, 20)}`],
  ['option', (n) => `deploy --api-key ${mixed(n, 30)} --now`],
  ['option with =', (n) => `deploy --token=${mixed(n, 30)}`],
  ['curl -u', (n) => `curl -u bob:${mixed(n, 20)} https://x.org`],
  ['PGPASSWORD', (n) => `PGPASSWORD=${mixed(n, 20)} psql`],
  ['mysql -p', (n) => `mysql -u root -p${mixed(n, 20)} shop`],
  ['sshpass', (n) => `sshpass -p ${mixed(n, 20)} ssh a@b`],
  ['docker login', (n) => `docker login -u a -p ${mixed(n, 20)} x.org`],
  ['mnemonic', () => `seed phrase: ${WORD_MARK} thank year wave sausage worth useful legal winner ${WORD_MARK}`],
  ['hex key', (n) => `the private key is 0x${hex(n, 64)}`],
  ['redis-cli', (n) => `redis-cli -h x -a ${mixed(n, 20)} ping`],
])

/**
 * What is a secret in a text and may be an id in a name: taken out of free texts alone (target, error, task, user agent,
 * excerpts, dead letters).
 */
export const PROSE_SECRETS: ReadonlyMap<string, Plant> = new Map<string, Plant>([
  ['card number', (n) => `pay with ${card(n)} today`],
  ['card number in groups', (n) => card(n).replace(/(\d{4})(?=\d)/g, '$1 ')],
  ['token in no known form', (n) => mixed(n, 44)],
])

/** A place where a sender can write: what it is called, and the request with a text in it. */
export interface Place {
  readonly name: string
  readonly plant: (text: string) => unknown
}

/** The object or list in a text; undefined where it holds none. */
function nested(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function* placesIn(value: unknown, path: Path, put: (text: string, path: Path) => unknown): Generator<Place> {
  const name = path.map((key) => (typeof key === 'number' ? '*' : key)).join('.')
  if (typeof value === 'string') {
    yield { name, plant: (text) => put(text, path) }
    yield { name: `${name}, after what stands there`, plant: (text) => put(`${value} ${text} there`, path) }
    const inner = nested(value)
    if (inner !== undefined) {
      const within = (text: string, at: Path): unknown => put(JSON.stringify(replaced(inner, at, () => text)), path)
      for (const place of placesIn(inner, [], within)) yield { ...place, name: `${name} > ${place.name}` }
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      yield* placesIn(item, [...path, Array.isArray(value) ? Number(key) : key], put)
    }
  }
}

function* keysIn(value: unknown, path: Path = []): Generator<Path> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield path
  for (const [key, item] of Object.entries(value))
    yield* keysIn(item, [...path, Array.isArray(value) ? Number(key) : key])
}

/** Every text of a request, texts within texts, and a new key in every object. */
export function* placesOf(request: unknown): Generator<Place> {
  yield* placesIn(request, [], (text, path) => replaced(request, path, () => text))
  for (const path of keysIn(request)) {
    const name = `a key of ${path.join('.')}`
    yield { name, plant: (text) => replaced(request, path, (old) => ({ ...(old as object), [text]: 'x' })) }
  }
}

/** Lengths at which some reader might cut. */
const CUTS = [64, 128, 200, 240, 256, 512, 1_024, 2_048, 4_096, 8_192, 65_536]

/** The text behind so much prose that each of these cuts would go through it. */
export const acrossCuts = (text: string): string[] =>
  CUTS.map((cut) => `${'some words '.repeat(cut).slice(0, cut - Math.ceil(text.length / 2) - 1)} ${text} and more`)
