/** What a source is: the network of an address, or the name of a service that acts in somebody's place. */

/** Whether `source_network` is the /24 or /48 of an address; a service's name that stands there is no network. */
export const isNetwork = (sourceNetwork: string): boolean => /\/\d+$/.test(sourceNetwork)
