/**
 * Records of agents that follow no convention but say flatly which tool they called, with what, what came back, how it was
 * decided, and what the user asked. A service whose records have `arguments` or a `name` of something else stays a service.
 */
import { textOf } from '../lib/json.ts'
import { outcomeOfWord } from '../lib/outcomes.ts'
import type { NormaliseContext } from '../format.ts'
import type { Act } from './act.ts'
import { attributeText, type LogView } from './attributes.ts'
import { outcomeOf } from './common.ts'
import { userMessage } from './gen-ai.ts'
import { ARGUMENTS, CALL_ID, DECISION, MAYBE_TOOL, PROMPT, RESULT, said, SESSION, TOOL } from './synonyms.ts'
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

function callAct(view: LogView, tool: string, id: string, context: NormaliseContext): Act {
  const call = { name: tool, args: said(view, ARGUMENTS), result: said(view, RESULT) }
  return {
    id: id === '' ? undefined : [actionName(view.eventName), id],
    sourceId: id,
    isCall: true,
    fields: { ...callFields(view, call), principal_kind: 'agent', ...outcomeOf(view, call.result !== undefined) },
    parts: callParts(view, call, context),
  }
}

/** The acts of a record that says them flatly; empty where it does not. */
export function flatActs(view: LogView, context: NormaliseContext): Act[] {
  const [args, result] = [said(view, ARGUMENTS), said(view, RESULT)]
  const id = textOf(said(view, CALL_ID))
  const evident = args !== undefined || result !== undefined || id !== ''
  const tool = textOf(said(view, TOOL)) || (evident ? textOf(said(view, MAYBE_TOOL)) : '')
  if (tool !== '') {
    return [isDecision(view, args, result) ? decisionAct(view, tool, id) : callAct(view, tool, id, context)]
  }
  const asked = promptOf(view)
  if (asked === '' || textOf(said(view, SESSION)) === '') return []
  const message = userMessage(asked, context)
  return [{ ...message, fields: { ...message.fields, principal_kind: 'agent' } }]
}
