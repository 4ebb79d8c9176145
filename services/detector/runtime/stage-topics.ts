/** The topics that the stages read. */
import type { Stage } from '../engine/index.ts'

export type StageTopic = Stage['stage']

export const STAGE_TOPICS = ['events', 'signals'] as const satisfies readonly StageTopic[]
