/** The face of the detector service. */
export { createStageTwo } from './engine/index.ts'
export { createLane, type Fault, type Lane } from './runtime/local/lane.ts'
export { restartDelayMs } from './runtime/restart-delay.ts'
export { createLocalFirst, type LocalFirst, type SignalRecord } from './runtime/local/first.ts'
export { createNewest } from './runtime/local/newest.ts'
export { createLocalPipeline, type LocalPipeline, type LocalPipelineOptions } from './runtime/local/pipeline.ts'
export { createLocalSecond } from './runtime/local/second.ts'
export { sumStats } from './runtime/sum-stats.ts'
export {
  createDetectorService,
  type DetectorService,
  type DetectorServiceOptions,
  type DetectorStatus,
} from './runtime/service.ts'
export { createUnderWay, nameOfRecord, recordUnderWay, type UnderWay } from './runtime/under-way.ts'
