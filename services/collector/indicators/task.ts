/**
 * What the user asked for: words, names, values, and whether the user delegates the work to somebody else's text ("follow
 * his instructions", "complete the tasks he sent"). A delegation is a phrase of complying, followed closely by a word for
 * what somebody asked; naming a document alone is not one.
 */
import { INDICATOR_LIMITS, type TaskIndicators } from '../../../schemas/indicators.ts'
import type { Hasher } from './hashing.ts'
import { upper32 } from './hashing.ts'
import { readSentence, tellingWords } from './orders.ts'
import { partsOf } from './sense.ts'
import { type Sentence, sentencesOf, type Word } from './text.ts'
import type { Value } from './values.ts'

const set = (text: string): Set<string> => new Set(text.split(/\s+/))
/** Words for doing what was asked. */
const COMPLY = set(
  `follow following follows complete completing fulfil fulfill achieve accomplish address handle execute perform do carry implement resolve process satisfy meet act finish
  help according accordingly per care deal answer reply obey honor honour work befolge befolgen erledige erledigen folge sigue siga cumple completa haz suivez suis effectue faites segui completa siga cumpra 按照 执行 完成 处理`,
)
/** Words for what was asked. */
const ASKED = set(
  `instruction instructions request requests requested task tasks issue issues ask asks asked need needs needed todo todos steps directions wishes wants want homework work assignment
  assignments items orders points ticket tickets invoice invoices told says said guidance guidelines procedure checklist anweisungen anweisung anleitung aufgaben aufgabe bitte instrucciones instrucción tareas tarea solicitud petición consignes
  tâches tâche demande istruzioni richiesta compiti instruções tarefas pedido 指示 说明 要求 任务 请求`,
)
/** Saying or sending something, in a task that points at a text. */
const TOLD = set(
  'sent send emailed mailed asked ask asks told tells tell shared posted invited wrote messaged proposed reported requested mentioned said',
)
/** "As the README says", "the way it describes". */
const LIKE = set('as like how way wie como comme come zoals')
const SAYS = set(
  'says say states describes described explains explained documented documents written suggests recommends dice dit sagt',
)
const WINDOW = 7

/** 2: an open delegation; 1: the task points at what somebody said; 0: neither. */
export function delegationOf(sentences: readonly Sentence[]): 0 | 1 | 2 {
  let pointed: 0 | 1 = 0
  for (const { words } of sentences) {
    let complied = -WINDOW
    let likened = -WINDOW
    for (let at = 0; at < words.length; at++) {
      const word = words[at] as Word
      if (TOLD.has(word.lower)) pointed = 1
      if (ASKED.has(word.lower) && at - complied < WINDOW && at > complied) return 2
      if (word.lower === 'instructions' || word.lower === 'accordingly' || word.lower === 'according') return 2
      if (SAYS.has(word.lower) && at - likened < WINDOW) return 2
      if (LIKE.has(word.lower)) likened = at
      if (COMPLY.has(word.lower)) complied = at
      if (word.lower === 'it' && at - complied === 1 && pointed === 1) return 2
      if (word.ideographs && /按照|遵照|按.{0,6}(?:要求|指示|说明)|(?:要求|任务|指示)/.test(word.lower)) return 2
    }
  }
  return pointed
}

export interface TaskReading {
  readonly indicators: TaskIndicators
  readonly values: readonly Value[]
}

export function readTask(text: string, hasher: Hasher): TaskReading {
  const sentences = sentencesOf(text)
  const values: Value[] = []
  const telling = new Set<string>()
  const common = new Set<string>()
  let classes = 0
  for (const sentence of sentences) {
    values.push(...sentence.values)
    const reading = readSentence(sentence)
    classes |= reading.classes
    for (const root of reading.roots) common.add(root)
    // A name in a text shows who signed it, and anybody can sign: names are compared with authors only.
    for (const word of tellingWords(sentence.words.filter((word) => !isName(word)))) telling.add(word)
  }
  const unique = [...new Set(values.map((value) => value.text))]
  return {
    indicators: {
      stems: [...telling].slice(0, INDICATOR_LIMITS.task_stems).map((root) => hasher.word(root)),
      common: [...common]
        .filter((root) => !telling.has(root))
        .slice(0, INDICATOR_LIMITS.task_stems)
        .map((root) => hasher.word(root)),
      names: namesOf(sentences, values).map((name) => hasher.word(name)),
      values: unique.slice(0, INDICATOR_LIMITS.task_values).map((value) => upper32(hasher.value(value))),
      delegates: delegationOf(sentences),
      classes: classes >>> 0,
    },
    values,
  }
}

const isName = (word: Word): boolean =>
  word.capital && word.values.length === 0 && !word.sense.isStopWord && !word.sense.isLeadIn

/** Proper nouns, those inside a sentence first, then the words of addresses and hosts that the task names. */
function namesOf(sentences: readonly Sentence[], values: readonly Value[]): string[] {
  const names: string[] = []
  const later: string[] = []
  for (const { words } of sentences) {
    words.forEach((word, index) => {
      if (!isName(word)) return
      const bare = word.lower.replace(/['’]s$/, '')
      if (bare.length > 1) (index === 0 ? later : names).push(bare)
    })
  }
  for (const value of values)
    if (value.kind !== 'path' && value.kind !== 'quoted') later.push(...authorWords(value.text))
  return [...new Set([...names, ...later])].slice(0, INDICATOR_LIMITS.task_names)
}

const PUBLIC_PARTS = set(
  'com org net edu gov io co uk de fr es it nl cn jp ru br eu info biz mail gmail outlook hotmail yahoo proton protonmail icloud gmx web www http https noreply donotreply no reply support team admin user the',
)

/** The words by which an author is known: display name, local part and own domain; public mail hosts left out. */
export function authorWords(author: string): string[] {
  const lower = author.slice(0, 200).toLowerCase()
  return [...new Set(lower.split(/[^\p{L}\p{N}]+/u).flatMap(partsOf))].filter(
    (word) => word.length > 1 && !PUBLIC_PARTS.has(word) && !/^\d+$/.test(word),
  )
}
