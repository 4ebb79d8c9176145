/** False occasions per 1,000 identity-days of clean life, and the joint score that so many reach; rarer ones first. */
export type Curve = readonly (readonly [rate: number, score: number])[]
