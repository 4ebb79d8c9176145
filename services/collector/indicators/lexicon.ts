/**
 * The English words that the extractor knows: acting words with their classes and synonyms, asking words, stop words. It
 * names no product, person or place; other words still count as plain words or values. Acting words have one canonical word
 * each, so that "erase the folder" and `delete_directory` meet in a join over hashes.
 */
import { stemmer } from 'stemmer'
import { CLASS_BIT, type ContentClass } from '../../../schemas/indicators.ts'
import { lookup } from '../../../schemas/lookup.ts'

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '')

/** Canonical acting word: its classes, and the base forms that mean it. */
const ACTIONS: Readonly<Record<string, readonly [classes: string, forms: string]>> = {
  pay: ['pay', 'pay remit reimburse settle donate prepay compensate'],
  fund: ['pay', 'fund tip deposit'],
  transfer: ['pay send', 'transfer wire'],
  send: ['send', 'send email mail forward dispatch deliver transmit message text notify cc bcc relay pass'],
  reply: ['send', 'reply respond answer'],
  share: ['send grant', 'share'],
  post: ['send', 'post publish submit comment announce tweet broadcast report praise raise propose suggest file'],
  upload: ['send', 'upload push attach sync export'],
  delete: [
    'delete',
    'delete remove erase wipe purge drop destroy unlink trash clear discard uninstall rm del empty shred rid',
  ],
  cancel: ['delete', 'cancel revoke terminate close unsubscribe deactivate disable withdraw'],
  invite: ['grant', 'invite'],
  grant: [
    'grant',
    'grant authorize authorise allow permit approve accept enable delegate assign entitle whitelist allowlist',
  ],
  verify: ['', 'verify authenticate confirm validate'],
  login: ['', 'login log-in signin sign-in logon'],
  buy: ['buy', 'buy purchase order checkout acquire subscribe rebuy'],
  refund: ['pay', 'refund'],
  add: ['create', 'add insert append put place'],
  visit: ['fetch', 'visit browse navigate click tap go access surf head'],
  open: ['fetch', 'open'],
  download: ['fetch', 'download fetch retrieve pull save clone import'],
  read: [
    'fetch',
    'read view see look inspect check review search find list show describe query lookup display print examine scan collect gather',
  ],
  get: ['fetch', 'get obtain grab'],
  schedule: ['schedule', 'schedule book reserve plan arrange'],
  run: ['run', 'run execute install invoke launch start restart eval deploy compile trigger'],
  change: [
    'change',
    'change update modify edit set reset alter replace rename rotate switch overwrite adjust configure patch amend revise correct fix',
  ],
  create: ['create', 'create generate build compose draft produce prepare write'],
  move: ['change', 'move relocate copy duplicate merge'],
  register: ['create', 'register enroll enrol join signup'],
  star: ['vote', 'star like upvote rate endorse recommend vote fork watch'],
  unstar: ['vote', 'unstar unlike downvote'],
  complete: ['', 'complete finish fulfil fulfill achieve accomplish'],
  enter: ['send', 'enter input fill type provide supply paste'],
}

/** Past forms that no stemmer finds. */
const IRREGULAR = lookup<string, string>({
  bought: 'buy',
  sent: 'send',
  paid: 'pay',
  made: 'make',
  wrote: 'write',
  written: 'write',
  told: 'tell',
  found: 'find',
  got: 'get',
  gave: 'give',
  given: 'give',
  took: 'take',
  taken: 'take',
  ran: 'run',
  went: 'go',
  left: 'leave',
  kept: 'keep',
  saw: 'see',
  seen: 'see',
})

/** Base forms that begin an order but name no act that could be joined; each stays its own word. */
const PLAIN_VERBS = words(
  `use utilize select choose pick take give make do perform handle process act proceed continue carry follow apply call contact reach ignore disregard forget skip stop avoid bypass
  override ensure remember keep bear note consider wait hold try begin tell ask let help bring wear turn come include present mark leave work think assume treat pretend output respond say
  learn stay drive pull protect bring attend meet rest eat turn switch be obey comply address resolve support join talk speak`,
)

/** Nouns and adverbs that show what a sentence asks for although they do not act themselves. */
const CLASS_WORDS: Readonly<Record<string, string>> = {
  pay: 'payment payments money fee bill invoice balance remittance deposit',
  credential:
    'password passwords passphrase passcode credential credentials secret secrets key keys token tokens otp pin ssh login apikey',
  buy: 'cart checkout basket',
  grant: 'collaborator collaborators permission permissions invitation invite admin role member',
  schedule: 'calendar meeting appointment event reservation reminder',
  run: 'script command installer executable program software code shell',
  delete: 'deletion removal',
  vote: 'stars star likes review rating',
}

/** Short forms and near synonyms of object words. */
const ALIASES = lookup<string, string>({
  repo: 'repository',
  repos: 'repository',
  dir: 'directory',
  dirs: 'directory',
  folder: 'directory',
  folders: 'directory',
  node: 'file',
  doc: 'document',
  docs: 'document',
  msg: 'message',
  mail: 'email',
  mails: 'email',
  emails: 'email',
  'e-mail': 'email',
  mailbox: 'inbox',
  pwd: 'password',
  passwd: 'password',
  passphrase: 'password',
  passcode: 'password',
  acct: 'account',
  config: 'configuration',
  info: 'information',
  img: 'image',
  pic: 'image',
  photo: 'image',
  picture: 'image',
  db: 'database',
  env: 'environment',
  cred: 'credential',
  creds: 'credential',
  site: 'webpage',
  website: 'webpage',
  page: 'webpage',
  webpages: 'webpage',
  appointment: 'event',
  url: 'link',
  urls: 'link',
  ticket: 'issue',
  bug: 'issue',
  bugs: 'issue',
})

const STOP = new Set(
  words(`a about above after again all also although am among an and any anyone are around as at back be because been before being below between both but by
  can cannot could did do does doing don down during each either else enough even ever every everyone few for from further had has have having he
  hello her here hers herself hi him himself his how however i if in into is it its itself just least less let like many may maybe me might
  mine more most much must my myself near need needs neither never new next no none nor not nothing now of off often ok on once one only onto or other
  others our ours out over own per perhaps please quite rather really regards same several shall she should since so some something soon still such
  than thank thanks that the their theirs them themselves then there therefore these they thing things this those though through thus to today
  together tomorrow too toward under until up upon us very via want was way we well were what when where whether which while who whom whose why will with within without
  would yes yet you your yours yourself dear best kind immediately directly kindly simply urgent urgently important asap first second third finally
  s t re ve ll d m don't doesn't didn't isn't aren't won't can't i'm i've i'll you're you've it's that's there's let's
  null none undefined true false nan
  mr mrs ms dr etc eg ie vs am pm`),
)

/** Words before an order that carry nothing: they are skipped when its verb is looked for. */
export const LEAD_INS = new Set(
  words(`please kindly pls plz now then immediately also just simply first next finally instead urgently asap and so ok okay hi hello hey dear quickly directly
  again always here thus therefore secondly lastly additionally afterwards further important urgent note attention reminder todo action warning notice step task
  request instruction instructions`),
)

export const DETERMINERS = new Set(
  words(
    `the a an this that these those my your his her its our their all any each every some one two both us me him them it yourself everything another it's`,
  ),
)

/** After these a word of the verb list is a noun or the subject of a statement. */
export const NOT_AFTER_VERB = new Set(
  words('is are was were has have had will would can could of should may might does did been being'),
)

export const MODALS = new Set(
  words(
    'should must shall ought need needs have has required obliged supposed expected mandatory necessary may can could might',
  ),
)
export const SUBJECTS_ASKED = new Set(
  words(
    'you u agent agents assistant assistants ai bot bots everyone everybody users user employees colleagues staff team teams reader readers model models automation',
  ),
)
export const DESIRES = new Set(
  words(
    'need needs want wants like love require requires expect expects hope hopes wish wishes demand demands ask asks request requests appreciate',
  ),
)

const FILE_ENDINGS = new Set(
  words(`txt md pdf doc docx xls xlsx csv tsv json ndjson yaml yml xml html htm js ts mjs jsx tsx py rb go rs java c h cpp cs sh bash zsh ps1 bat cmd exe msi
  bin dll so dmg pkg deb rpm apk zip tar gz tgz bz2 xz 7z rar jpg jpeg png gif svg webp mp3 mp4 wav mov avi sql db sqlite log conf cfg ini toml env lock pem key crt
  cer pub p12 pfx kdbx ics eml ppt pptx odt ipynb parquet bak tmp jar war`),
)
export const isFileEnding = (ending: string): boolean => FILE_ENDINGS.has(ending)

interface Meaning {
  readonly canonical: string
  readonly classes: number
}

const bits = (classes: string): number => words(classes).reduce((sum, one) => sum | CLASS_BIT[one as ContentClass], 0)

const IMPERATIVES = new Map<string, Meaning>()
const BY_STEM = new Map<string, Meaning>()
for (const verb of PLAIN_VERBS) {
  IMPERATIVES.set(verb, { canonical: verb, classes: 0 })
  BY_STEM.set(stemmer(verb), { canonical: verb, classes: 0 })
}
for (const [canonical, [classes, forms]] of Object.entries(ACTIONS)) {
  const meaning = { canonical, classes: bits(classes) }
  for (const form of words(forms)) {
    IMPERATIVES.set(form, meaning)
    const stem = stemmer(form)
    BY_STEM.set(stem, meaning)
  }
}
const NOUN_CLASSES = new Map<string, number>()
for (const [one, forms] of Object.entries(CLASS_WORDS)) {
  for (const form of words(forms)) {
    NOUN_CLASSES.set(form, (NOUN_CLASSES.get(form) ?? 0) | CLASS_BIT[one as ContentClass])
  }
}

export const isStopWord = (lower: string): boolean => STOP.has(lower)

/**
 * Verbs that are nouns or adjectives as often: "the email", "a smart watch", "order 12", "contact us". They act only
 * where the sentence puts a verb, and elsewhere stay the noun that they are.
 */
const AMBIGUOUS = new Set(
  words(`order contact check display view book like rate star watch program report schedule plan email mail text message post comment share list show look search place
  close empty drop use access call update upload download import export review issue fund tip transfer wire purchase refund forward file start set reset note record request
  process help work open clear correct fix present mark push pull pass print query scan vote fork reply answer type input present change copy patch draft build deposit clone lookup checkout login signup support work rest
  head raise praise suggest settle deliver save`),
)
export const isAmbiguous = (lower: string): boolean => AMBIGUOUS.has(lower)

/** Object words of everyday work: that an order and a task share one of them says little. */
const EVERYDAY = new Set(
  words(`account accounts email emails address information info file files document documents message messages name names number user users username password link page webpage website site
  repository directory folder inbox date time day week month year item items order orders product detail details text content title subject body list data code id work task tasks
  request instruction instructions thing way part please question answer note help access system service online new latest version public free current available full able attachment attachments people team company
  github gitlab bitbucket google gmail outlook slack teams zoom drive dropbox notion jira confluence linkedin twitter facebook whatsapp telegram aws azure cloud app application platform server shopping online exact exactly specific correct right good great better best high low higher lower last old large small big
  possible sure able same different certain amount own real main total number colleague colleagues following`),
)

const EVERYDAY_STEMS = new Set([...EVERYDAY].map((word) => stemmer(word)))

/** The meaning of a base form, as an order begins with it. */
export const imperativeOf = (lower: string): Meaning | undefined => IMPERATIVES.get(lower)
/** The meaning of any form of an acting word that is not a noun as often. */
export const actionOf = (lower: string): Meaning | undefined =>
  AMBIGUOUS.has(lower) ? undefined : (IMPERATIVES.get(lower) ?? (lower.length > 3 ? byStem(lower) : undefined))
const byStem = (lower: string): Meaning | undefined => BY_STEM.get(stemmer(IRREGULAR[lower] ?? lower))
export const nounClasses = (lower: string): number => NOUN_CLASSES.get(lower) ?? 0
/**
 * Whether a word is too common to show what somebody is about: acting words, the objects of everyday work, the names of
 * services. "Invitation" and "registration" show it, "invite" and "register" do not.
 */
export function isEveryday(lower: string): boolean {
  const plain = ALIASES[lower] ?? lower
  if (EVERYDAY_STEMS.has(stemmer(plain)) || IMPERATIVES.has(plain)) return true
  return !/(?:tion|sion|ment)s?$/.test(lower) && byStem(lower) !== undefined
}

/** The stem under which a word is compared: aliases resolved, acting words made canonical. */
export function rootOf(lower: string): string {
  const plain = ALIASES[lower] ?? lower
  return stemmer(actionOf(plain)?.canonical ?? plain)
}
/** The stem of a word that acts in its sentence or in a tool's name. */
export const actingRootOf = (lower: string): string => stemmer(imperativeOf(lower)?.canonical ?? lower)
