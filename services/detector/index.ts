/** The door of the detector service. */
export { createLocalPipeline, type LocalPipeline, type LocalPipelineOptions } from './runtime/local-pipeline.ts'
