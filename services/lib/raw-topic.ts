/**
 * Broker settings for the topic `raw`, if we create it. Other producers may compress in forms that no maintained codec
 * reads here; with these settings the brokers recompress everything as zstd.
 */
export const RAW_SETTINGS = { 'compression.type': 'zstd' } as const
