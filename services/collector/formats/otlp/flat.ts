/**
 * Records of agents that follow no convention but say flatly which tool they called, with what, what came back, how it was
 * decided, and what the user asked. A service whose records have `arguments` or a `name` of something else stays a service.
 */
import { jsonInText } from '../../bounded-json.ts'
import { isObject, textOf } from '../lib/json.ts'
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
  FUNCTION,
  IS_ERROR,
  LOOSE_ARGUMENTS,
  MAYBE_TOOL,
  NAME,
  OF_AGENTS,
  OWN_ARGUMENTS,
  OWN_RESULT,
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

/** Whether a name says where a record was written, as those of Rust's `tracing` do. */
export const isPlace = (name: string): boolean => PLACE.test(name)

/** The name of a record as an action; `log` if it does not name one. */
export const actionName = (name: string): string => (name === '' || isPlace(name) || isSentence(name) ? 'log' : name)

const REDACTED = /^[\s<[(*]*(?:redacted|removed|hidden|masked|filtered|omitted)?[\s>\])*]*$/i

/** What the user asked; '' if nothing is recorded, or only a placeholder. */
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

/** How a call ended, if only its own words say so: the decision on it, its exit code, whether it is an error, its status. */
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

/** Whether a record says by more than a plain word that it is the call of an agent: jobs have functions, arguments and results as well. */
const saysCall = (view: LogView, id: string): boolean =>
  id !== '' ||
  said(view, OWN_ARGUMENTS) !== undefined ||
  said(view, OWN_RESULT) !== undefined ||
  said(view, OF_AGENTS) !== undefined

/** The name of a record that says so, as in `tool_use`. */
const CALL_EVENT = /(?:^|[./ ])tool[._-]?(?:use|call|result)$/i

/** Models call with arguments that have names; a line of a shell has none. */
const areNamed = (args: unknown): boolean =>
  isObject(args) || (typeof args === 'string' && isObject(jsonInText(args)?.value))

/** The tool, from names that other records use too; '' if the record does not show that it means one. */
function plainToolOf(view: LogView, args: unknown, result: unknown, id: string): string {
  if (args === undefined && result === undefined && id === '') return ''
  if (saysCall(view, id)) return textOf(said(view, [...MAYBE_TOOL, ...FUNCTION]))
  const input = args ?? said(view, LOOSE_ARGUMENTS)
  return areNamed(input) ? textOf(said(view, MAYBE_TOOL)) : ''
}

/** The tool that a record names; '' if none. */
function toolOf(view: LogView, args: unknown, result: unknown, id: string): string {
  const named = CALL_EVENT.test(view.eventName) ? textOf(said(view, MAYBE_TOOL)) : ''
  const tool = textOf(said(view, TOOL)) || named || plainToolOf(view, args, result, id)
  if (tool !== '') return tool
  if (said(view, ACTION_INPUT) !== undefined) return textOf(said(view, ACTION))
  return CALL_TYPE.test(textOf(said(view, TYPE))) ? textOf(said(view, NAME)) : ''
}

/** The acts of a record with flat attributes; empty if it has none. */
export function flatActs(view: LogView, context: NormaliseContext): Act[] {
  const [args, result] = [said(view, ARGUMENTS), said(view, RESULT)]
  const id = textOf(said(view, CALL_ID))
  const tool = toolOf(view, args, result, id)
  if (tool !== '') {
    return [isDecision(view, args, result) ? decisionAct(view, tool, id) : callAct(view, tool, id, context)]
  }
  const asked = promptOf(view)
  if (asked === '' || textOf(said(view, SESSION)) === '') return []
  const message = userMessage(asked, context)
  return [{ ...message, fields: { ...message.fields, principal_kind: 'agent' } }]
}
