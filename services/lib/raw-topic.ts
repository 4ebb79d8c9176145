/**
 * Broker settings of the topic `raw`, where it is made by us. Producers of others compress as they like, in forms that no
 * maintained codec reads here; with this the brokers turn all of them into zstd.
 */
export const RAW_SETTINGS = { 'compression.type': 'zstd' } as const
