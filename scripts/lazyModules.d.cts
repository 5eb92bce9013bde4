/** See `lazyModules.cjs`. */
export function writeLazyModules(root: string, dist: string): Promise<void>;

/** See `lazyModules.cjs`. */
export function bundleModules(root: string, dist: string): Promise<void>;
