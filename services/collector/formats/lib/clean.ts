/**
 * Removes secrets from the texts of records. Formats clean texts piece by piece, before they split or join them: a secret
 * that was split at a dot has lost its shape, and one after a slash or a colon does not show where it begins.
 */
import { LIMITS } from '../../../../schemas/limits.ts'
import { memo } from '../../memo.ts'
import { redactId, redactText } from '../../redaction/redact.ts'

/** The same few texts come with every record of a sender. */
const REMEMBERED_MAX = 2_048
/** Longer texts are read up to this length, and not remembered. */
export const CLEANED_CHARS_MAX = 4 * LIMITS.text_chars_max

const rememberedId = memo((text) => redactId(text).toWellFormed(), REMEMBERED_MAX, CLEANED_CHARS_MAX)
const rememberedText = memo((text) => redactText(text).toWellFormed(), REMEMBERED_MAX, CLEANED_CHARS_MAX)

const head = (text: string): string => (text.length > CLEANED_CHARS_MAX ? text.slice(0, CLEANED_CHARS_MAX) : text)

/** A name, or what a name is made of, without known secrets; what merely looks random stays. */
export const cleanId = (text: string): string => rememberedId(head(text))

/** Free text without secrets. */
export const cleanText = (text: string): string => rememberedText(head(text))

/** One name of several, each cleaned; empty ones are left out. */
export const joined = (mark: string, parts: readonly string[]): string =>
  parts
    .filter((part) => part !== '')
    .map(cleanId)
    .join(mark)
