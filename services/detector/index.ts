/** The door of the detector service. */
export { createLocalPipeline, type LocalPipeline, type LocalPipelineOptions } from './runtime/local-pipeline.ts'
export {
  createDetectorService,
  type DetectorService,
  type DetectorServiceOptions,
  type DetectorStatus,
} from './runtime/service.ts'
