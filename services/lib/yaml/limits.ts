/** Limits of YAML files. Units come last. */
export const YAML_LIMITS = {
  file_bytes_max: 16 * 1024 * 1024,
  /** Of reading one file, from when its thread has begun. */
  read_ms_max: 5_000,
  /** How soon a file is tried again that took longer: a machine that slept or was busy says nothing of the file. */
  retry_ms: 60_000,
  /** Of the thread that reads it. */
  heap_mb_max: 1_024,
  problems_max: 20,
} as const
