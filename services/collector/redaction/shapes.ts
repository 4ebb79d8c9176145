/**
 * The table of secret shapes: what a secret looks like in any text, and the names of fields that hold one. Every
 * expression is linear: a fixed prefix, one bounded class, no nested repetition. A new kind of token is one line here and
 * one line in the test next to it.
 */

export interface SecretShape {
  /** Its name in the replacement: `[redacted:kind]`. */
  readonly kind: string
  /** Lower-case words. The expression is tried only if the text (in lower case) contains one of them. */
  readonly hints: readonly string[]
  /**
   * Global expression. The group `keep` is put back in front of the mark (the name of a header, a parameter or an
   * option), the rest of the match is replaced.
   */
  readonly pattern: RegExp
  /** Whether what the expression found is one: of what replaces nothing it says no. */
  readonly isOne?: (found: string) => boolean
  /** Host of the network of agents that gives out such keys. */
  readonly issuer?: string
}

/** Luhn's check digit (ISO/IEC 7812-1), over the digits of a text. */
export function passesLuhn(text: string): boolean {
  let sum = 0
  let place = 0
  for (let i = text.length - 1; i >= 0; i--) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) continue
    const doubled = place++ % 2 === 0 ? digit : digit * 2
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return place > 0 && sum % 10 === 0
}

/** Words that make a name the name of a secret: `password`, `api_key`, `x-auth-token`, `clientSecret`. */
const SECRET_WORDS =
  'passwords?|passwd|passphrase|passcode|pwd|secrets?|secret[_-]?key|client[_-]?secret|api[_-]?keys?|apikey|access[_-]?keys?|' +
  'secret[_-]?access[_-]?key|private[_-]?key|signing[_-]?key|encryption[_-]?key|auth[_-]?tokens?|access[_-]?tokens?|' +
  'refresh[_-]?tokens?|id[_-]?token|session[_-]?tokens?|security[_-]?token|bearer[_-]?token|tokens?|credentials?|' +
  'account[_-]?key|shared[_-]?access[_-]?key|pgpassword|passwort|kennwort|' +
  'authorization|cookies?|otp|mfa[_-]?code|verification[_-]?code|connection[_-]?string'

/** Whether a field of this name holds a secret. Numbers, counts and ids of secrets (`secretId`, `max_tokens`) do not. */
const SECRET_NAME = new RegExp(`(?:^|[^a-z0-9])(?:${SECRET_WORDS})$`)
const NOT_SECRET_NAME =
  /(?:max|input|output|prompt|completion|total|reasoning|next|page|continuation|client_request|start(?:ing)?)[_-]?tokens?$/

/** Lower case with `_` between words, so that `clientSecret` and `X-Auth-Token` read alike. */
const separated = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase()

export function namesSecret(name: string): boolean {
  if (name.length > 64) return false
  const words = separated(name)
  return SECRET_NAME.test(words) && !NOT_SECRET_NAME.test(words)
}

/** Shapes that are certainly secrets, wherever they occur: also inside ids. */
export const SECRET_SHAPES: readonly SecretShape[] = [
  {
    kind: 'private-key',
    hints: ['-----begin'],
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\s\\:,.-]{0,20000}(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?/g,
  },
  {
    kind: 'jwt',
    hints: ['eyj'],
    pattern: /\beyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{4,8000}(?:\.[A-Za-z0-9_-]{0,4000})?/g,
  },
  {
    kind: 'github-token',
    hints: ['gh', 'github_pat_'],
    pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255})/g,
  },
  {
    kind: 'gitlab-token',
    hints: ['gl'],
    pattern: /\bgl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|imt)-[A-Za-z0-9_-]{16,300}/g,
  },
  { kind: 'slack-token', hints: ['xox', 'xapp'], pattern: /\b(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{8,300}/g },
  {
    kind: 'slack-webhook',
    hints: ['hooks.slack.com'],
    pattern: /(?<keep>hooks\.slack\.com\/(?:services|workflows|triggers)\/)[A-Za-z0-9/_-]{8,200}/g,
  },
  {
    kind: 'discord-webhook',
    hints: ['/api/webhooks/'],
    pattern: /(?<keep>\/api\/webhooks\/)[0-9]{5,25}\/[A-Za-z0-9_-]{20,200}/g,
  },
  { kind: 'anthropic-key', hints: ['sk-ant-'], pattern: /\bsk-ant-[A-Za-z0-9_-]{8,300}/g },
  { kind: 'openai-key', hints: ['sk-'], pattern: /\bsk-(?:proj-|svcacct-|admin-|or-v1-|None-)?[A-Za-z0-9_-]{20,300}/g },
  {
    kind: 'stripe-key',
    hints: ['k_live_', 'k_test_', 'whsec_'],
    pattern: /\b(?:[rsp]k_(?:live|test)_[A-Za-z0-9]{8,300}|whsec_[A-Za-z0-9+/=_-]{16,200})/g,
  },
  {
    kind: 'google-key',
    hints: ['aiza', 'gocspx-', 'ya29.'],
    pattern: /\b(?:AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{20,60}|ya29\.[A-Za-z0-9_-]{20,2000})/g,
  },
  { kind: 'npm-token', hints: ['npm_'], pattern: /\bnpm_[A-Za-z0-9]{30,64}/g },
  { kind: 'pypi-token', hints: ['pypi-'], pattern: /\bpypi-[A-Za-z0-9_-]{40,300}/g },
  { kind: 'huggingface-token', hints: ['hf_'], pattern: /\bhf_[A-Za-z0-9]{20,100}/g },
  { kind: 'sendgrid-key', hints: ['sg.'], pattern: /\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,128}/g },
  { kind: 'telegram-token', hints: [':aa'], pattern: /\b[0-9]{6,12}:AA[A-Za-z0-9_-]{30,50}/g },
  { kind: 'vault-token', hints: ['hvs.', 'hvb.', 'hvr.'], pattern: /\bhv[sbr]\.[A-Za-z0-9_-]{20,300}/g },
  { kind: 'digitalocean-token', hints: ['_v1_'], pattern: /\bdo[opr]_v1_[a-f0-9]{64}/g },
  { kind: 'databricks-token', hints: ['dapi'], pattern: /\bdapi[a-f0-9]{32}(?:-[0-9])?/g },
  { kind: 'shopify-token', hints: ['shp'], pattern: /\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}/g },
  { kind: 'gitlab-token', hints: ['gr1348941'], pattern: /\bGR1348941[A-Za-z0-9_-]{16,100}/g },
  { kind: 'aws-bedrock-key', hints: ['absk'], pattern: /\bABSK[A-Za-z0-9+/]{40,400}={0,2}/g },
  { kind: 'google-key', hints: ['1//'], pattern: /\b1\/\/0[A-Za-z0-9_-]{30,200}/g },
  {
    kind: 'discord-token',
    hints: ['.'],
    pattern: /\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}\b/g,
  },
  { kind: 'twilio-key', hints: ['sk'], pattern: /\bSK[0-9a-f]{32}\b/g },
  { kind: 'mailgun-key', hints: ['key-'], pattern: /\bkey-[0-9a-f]{32}\b/g },
  { kind: 'mailchimp-key', hints: ['-us'], pattern: /\b[0-9a-f]{32}-us[0-9]{1,2}\b/g },
  { kind: 'new-relic-key', hints: ['nr'], pattern: /\bNR(?:AK|II|JS|RA|SP)-[A-Za-z0-9_-]{16,60}/g },
  { kind: 'supabase-key', hints: ['sbp_', 'sb_secret_'], pattern: /\b(?:sbp|sb_secret)_[A-Za-z0-9_]{20,100}/g },
  { kind: 'langsmith-key', hints: ['lsv2_'], pattern: /\blsv2_(?:pt|sk)_[A-Za-z0-9_]{20,100}/g },
  { kind: 'elevenlabs-key', hints: ['sk_'], pattern: /\bsk_[0-9a-f]{40,64}\b/g },
  { kind: 'airtable-token', hints: ['pat'], pattern: /\bpat[A-Za-z0-9]{14}\.[0-9a-f]{64}\b/g },
  { kind: 'hubspot-token', hints: ['pat-'], pattern: /\bpat-(?:na|eu)[0-9]{1,2}-[0-9a-f-]{30,40}/g },
  {
    kind: 'fly-token',
    hints: ['flyv1', 'fm2_', 'fo1_'],
    pattern: /\b(?:FlyV1 {1,2})?f(?:m2|o1)_[A-Za-z0-9+/=_,-]{20,2000}/g,
  },
  { kind: 'azure-devops-token', hints: ['azdo'], pattern: /\b[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}\b/g },
  { kind: 'age-key', hints: ['age-secret-key-'], pattern: /\bAGE-SECRET-KEY-1[0-9A-Z]{20,80}/gi },
  {
    kind: 'moltbook-key',
    hints: ['moltbook_'],
    pattern: /\bmoltbook_(?:sk_|claim_)?[A-Za-z0-9_-]{16,200}/g,
    issuer: 'www.moltbook.com',
  },
  { kind: 'authorization', hints: ['bearer'], pattern: /(?<keep>\bBearer\s{1,4})[A-Za-z0-9+/=_.~:-]{8,8000}/gi },
  // "basic understanding" is prose: the value must hold a digit or a change of case.
  {
    kind: 'authorization',
    hints: ['basic', 'token'],
    pattern:
      /(?<keep>\b(?:[Bb]asic|[Tt]oken) {1,4})(?=[A-Za-z0-9+/=_.~-]{0,64}(?:[a-z][A-Z]|[0-9]))[A-Za-z0-9+/=_.~-]{8,8000}/g,
  },
  {
    kind: 'cookie',
    hints: ['cookie'],
    pattern: /(?<keep>\bcookie["']?\s{0,3}:\s{0,3}["']?)(?![\s"']|\[redacted:)[^"'\r\n]{1,4000}/gi,
  },
  { kind: 'url-password', hints: ['@'], pattern: /(?<keep>\b[A-Za-z][A-Za-z0-9+.-]{1,20}:\/\/)[^\s/?#"'<>@]{1,512}@/g },
]

const NAMED = `(?<![A-Za-z0-9])(?:[A-Za-z0-9]{1,32}[_.-]){0,3}?(?:${SECRET_WORDS})`
/** A quoted value ends with its quote and may hold blanks, a bare one ends with the word. */
const NAMED_VALUE =
  `\\s{0,3}\\\\{0,3})(?:"(?!\\[redacted:)[^"\\r\\n]{1,4000}|'(?!\\[redacted:)[^'\\r\\n]{1,4000}|` +
  `(?!["']|\\[redacted:)[^\\s"'&;,<>\\\\]{1,4000})`

/** Named values in texts: `seed phrase: a b c`, `password=x`, `"api_key": "x"`, `--token x`, `curl -u user:x`, `?sig=x`. */
export const NAMED_SHAPES: readonly SecretShape[] = [
  {
    // The words of BIP-39 are ordinary ones: it takes a word before them that says what they are.
    kind: 'mnemonic',
    hints: ['mnemonic', 'phrase', 'seed'],
    pattern:
      /(?<keep>\b(?:mnemonic|(?:seed|recovery|secret|backup) (?:phrase|words)|seed)\b["']?\s{0,3}(?:is\b|are\b|=>|=|:)?\s{0,3}["']?)(?:[a-z]{3,8}[ ,]{1,2}){11,23}[a-z]{3,8}\b/gi,
  },
  {
    // "the private key is 0x..": a value after an equals sign or a colon is a named value.
    kind: 'hex-key',
    hints: ['key'],
    pattern:
      /(?<keep>\b(?:private|secret|signing|encryption|master|wallet|hmac|aes|account|api)[ _-]key\b["']?\s{0,3}(?:is\b|was\b|:|=)?\s{0,3}["']?(?:0x)?)[0-9a-f]{32,128}\b/gi,
  },
  {
    // What depends on the words before it comes first: `password= --token x` would otherwise lose `--token` and keep `x`.
    kind: 'password',
    hints: ['--'],
    pattern: new RegExp(
      `(?<keep>--(?:[A-Za-z0-9]{1,32}-){0,3}?(?:${SECRET_WORDS})(?:=|\\s{1,4}))(?:"(?!\\[redacted:)[^"\\r\\n]{1,4000}|` +
        `'(?!\\[redacted:)[^'\\r\\n]{1,4000}|(?!["']|\\[redacted:)[^\\s"'&;<>]{1,4000})`,
      'gi',
    ),
  },
  {
    kind: 'password',
    hints: ['-u', '--user'],
    pattern: /(?<keep>\s(?:-u|--user|--proxy-user)[ =]?["']?[^\s:"']{1,128}:)[^\s"']{1,512}/g,
  },
  {
    // `mysql -psecret`, `sshpass -p secret`, `docker login -p secret`, `redis-cli -a secret`.
    kind: 'password',
    hints: ['mysql', 'mariadb', 'sshpass', 'login', 'redis-cli'],
    pattern:
      /(?<keep>\b(?:(?:mysql|mysqldump|mysqladmin|mariadb)\b[^|;&\n]{0,200}? -p|(?:sshpass|docker login|podman login|helm registry login)\b[^|;&\n]{0,200}? -p ?|redis-cli\b[^|;&\n]{0,200}? -a ?)["']?)(?!\[redacted:)[^\s"';|&]{1,200}/g,
  },
  {
    kind: 'password',
    hints: ['=', '%3d'],
    pattern: new RegExp(`(?<keep>${NAMED}\\\\{0,3}["']?\\s{0,3}(?:=>|=|%3D)${NAMED_VALUE}`, 'gi'),
  },
  {
    // Not after a colon: `arn:aws:secretsmanager:eu-west-1:1:secret:name` names a secret and holds none.
    kind: 'password',
    hints: [':'],
    pattern: new RegExp(`(?<keep>(?<!:)${NAMED}\\\\{0,3}["']?\\s{0,3}:${NAMED_VALUE}`, 'gi'),
  },
  {
    kind: 'password',
    hints: ['<'],
    pattern: new RegExp(`(?<keep><(?:${SECRET_WORDS})>)(?!\\[redacted:)[^<\\s]{1,4000}(?=</)`, 'gi'),
  },
  {
    kind: 'url-secret',
    hints: ['?', '&'],
    pattern:
      /(?<keep>[?&;](?:sig|signature|x-amz-signature|x-amz-security-token|x-amz-credential|x-goog-signature|key|code|auth|sas|jwt|sid|assertion)=)[^\s&#"'<>]{4,4000}/gi,
  },
]

/** Shapes that are secrets in a text, and may be ids elsewhere. */
export const PROSE_SHAPES: readonly SecretShape[] = [
  {
    // Of the large issuers alone: many ids have sixteen digits.
    kind: 'card-number',
    hints: ['3', '4', '5', '6', '2'],
    pattern:
      /(?<![\w.-])(?:(?:4\d|5[1-5]|2[2-7]|6[05])\d\d(?:([ -]?)\d{4}\1\d{4}\1\d{4})|3[47]\d\d([ -]?)\d{6}\2\d{5})(?![\w-]|\.\d)/g,
    isOne: passesLuhn,
  },
]

/** Ids of AWS keys. They are no secrets; in prose they are taken out with them, in the fields of CloudTrail they stay. */
export const KEY_ID_SHAPES: readonly SecretShape[] = [
  {
    kind: 'aws-key-id',
    hints: ['akia', 'asia', 'abia', 'acca'],
    pattern: /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  },
]

const ISSUED = SECRET_SHAPES.filter(({ issuer }) => issuer !== undefined)

/** Hosts of the agent networks whose keys occur in a text. */
export function keyIssuersIn(text: string): string[] {
  const isIn = ({ hints, pattern }: SecretShape): boolean =>
    hints.some((hint) => text.includes(hint)) && text.search(pattern) >= 0
  return ISSUED.filter(isIn).flatMap(({ issuer = '' }) => issuer)
}
