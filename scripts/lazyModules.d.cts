/** See `lazyModules.cjs`. */
export function writeLazyModules(root: string, dist: string): Promise<void>;
