/**
 * Records of agents that follow no convention but say flatly which tool they called, with what, what came back, how it was
 * decided, and what the user asked. A service whose records have `arguments` or a `name` of something else stays a service.
 */
import { textOf } from '../lib/json.ts'
import { outcomeOfWord } from '../lib/outcomes.ts'
import type { Fields, NormaliseContext } from '../format.ts'
import type { Act } from './act.ts'
import { attributeText, type LogView } from './attributes.ts'
import { outcomeOf } from './common.ts'
import { userMessage } from './gen-ai.ts'
import {
  ACTION,
  ACTION_INPUT,
  APPROVAL,
  ARGUMENTS,
  CALL_ID,
  DECISION,
  EXIT_CODE,
  IS_ERROR,
  LOOSE_ARGUMENTS,
  MAYBE_TOOL,
  NAME,
  PROMPT,
  RESULT,
  said,
  SESSION,
  STATUS,
  TOOL,
  TYPE,
} from './synonyms.ts'
import { callFields, callParts } from './tool-call.ts'

/** A place in a source file changes with every release, and a sentence with every record. */
const PLACE = /\.[a-z]{1,5}:\d+\b/i
const isSentence = (text: string): boolean => text.trim().split(/\s+/).length > 4

/** The name of a record as an action; `log` where it is none. */
export const actionName = (name: string): string => (name === '' || PLACE.test(name) || isSentence(name) ? 'log' : name)

const REDACTED = /^[\s<[(*]*(?:redacted|removed|hidden|masked|filtered|omitted)?[\s>\])*]*$/i

/** What the user asked; '' where nothing is said, or a word stands in its place. */
const promptOf = (view: LogView): string => {
  const text = textOf(said(view, PROMPT))
  return REDACTED.test(text) ? '' : text
}

const isDecision = (view: LogView, args: unknown, result: unknown): boolean =>
  args === undefined && result === undefined && textOf(said(view, DECISION)) !== ''

function decisionAct(view: LogView, tool: string, id: string): Act {
  return {
    id: id === '' ? undefined : ['tool.decision', id],
    sourceId: id,
    fields: {
      principal_kind: 'agent',
      action: 'tool.decision',
      kind: 'control',
      activity: 'other',
      target: tool,
      target_kind: 'tool',
      outcome: outcomeOfWord(textOf(said(view, DECISION))),
      approver: attributeText(view, 'approver', 'source'),
    },
  }
}

const isTrue = (value: unknown): boolean => value === true || value === 'true'

/** How a call ended, where only its own words tell: what was decided of it, its exit code, whether it is an error, its status. */
function endOf(view: LogView, answered: boolean): Pick<Fields, 'outcome' | 'error'> {
  const common = outcomeOf(view, false)
  if (common.outcome !== 'unknown') return common
  const decided = [said(view, DECISION), said(view, APPROVAL)].map((one) => outcomeOfWord(textOf(one)))
  if (decided.includes('denied')) return { outcome: 'denied', error: '' }
  const code = textOf(said(view, EXIT_CODE))
  if (/^-?[1-9]\d*$/.test(code)) return { outcome: 'failure', error: code }
  if (isTrue(said(view, IS_ERROR))) return { outcome: 'failure', error: '' }
  const word = outcomeOfWord(textOf(said(view, STATUS)))
  if (word !== 'unknown') return { outcome: word, error: '' }
  return { outcome: answered || code === '0' ? 'success' : 'unknown', error: '' }
}

function callAct(view: LogView, tool: string, id: string, context: NormaliseContext): Act {
  const args = said(view, ARGUMENTS) ?? said(view, LOOSE_ARGUMENTS)
  const call = { name: tool, args, result: said(view, RESULT) }
  return {
    id: id === '' ? undefined : [actionName(view.eventName), id],
    sourceId: id,
    isCall: true,
    fields: { ...callFields(view, call), principal_kind: 'agent', ...endOf(view, call.result !== undefined) },
    parts: callParts(view, call, context),
  }
}

/** A type that says of a record that it is the call of a tool, as in the messages of models. */
const CALL_TYPE = /^(?:server_)?(?:tool|function)[_-]?(?:use|call|result)$/i

/** The tool that a record names; '' where it names none. `evident`: it says what went in, what came out, or the id of a call. */
function toolOf(view: LogView, evident: boolean): string {
  const tool = textOf(said(view, TOOL)) || (evident ? textOf(said(view, MAYBE_TOOL)) : '')
  if (tool !== '') return tool
  if (said(view, ACTION_INPUT) !== undefined) return textOf(said(view, ACTION))
  return CALL_TYPE.test(textOf(said(view, TYPE))) ? textOf(said(view, NAME)) : ''
}

/** The acts of a record that says them flatly; empty where it does not. */
export function flatActs(view: LogView, context: NormaliseContext): Act[] {
  const [args, result] = [said(view, ARGUMENTS), said(view, RESULT)]
  const id = textOf(said(view, CALL_ID))
  const evident = args !== undefined || result !== undefined || id !== ''
  const tool = toolOf(view, evident)
  if (tool !== '') {
    return [isDecision(view, args, result) ? decisionAct(view, tool, id) : callAct(view, tool, id, context)]
  }
  const asked = promptOf(view)
  if (asked === '' || textOf(said(view, SESSION)) === '') return []
  const message = userMessage(asked, context)
  return [{ ...message, fields: { ...message.fields, principal_kind: 'agent' } }]
}
