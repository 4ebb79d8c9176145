/** The door of the engine. */
import type { StageFactory } from './stage.ts'

export type { Applied, Stage, StageFactory, StageOptions, StageRecord, StageSnapshot } from './stage.ts'

export declare const createStageOne: StageFactory
export declare const createStageTwo: StageFactory
