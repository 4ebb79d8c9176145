/** The door of the engine. */
export type {
  Applied,
  SectionContent,
  Stage,
  StageFactory,
  StageOptions,
  StageRecord,
  StageSnapshot,
  StageStats,
} from './stage.ts'
export type { Words } from '../../../schemas/keyed-hash.ts'
export { createStageOne } from './stage-one.ts'
export { createStageTwo } from './stage-two.ts'
export { listsOf } from './snapshot.ts'
export { habitsOf } from './habit-side.ts'
