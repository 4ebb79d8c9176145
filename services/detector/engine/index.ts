/** The face of the engine. */
export type {
  Applied,
  Stage,
  StageFactory,
  StageOptions,
  StageRecord,
  StageSnapshot,
  StageStats,
} from './stage.ts'
export type { SectionContent } from '../../../detectors/lib/sections.ts'
export type { Words } from '../../../schemas/keyed-hash.ts'
export { createStageOne } from './stage-one.ts'
export { createStageTwo } from './stage-two.ts'
export { sectionsIn } from './snapshot.ts'
export { habitsOf } from './habit-side.ts'
