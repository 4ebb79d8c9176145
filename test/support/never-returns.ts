/** The target of an event from which the detection of `mortal-detector.ts` never returns. */
export const NEVER_RETURNS = 'never-returns'
