const results = new WeakMap<object, Map<string, unknown>>();

/** Results kept per owner before they are all dropped: enough for clients that page through a few queries at once. */
const KEPT = 50;

/**
 * Works something out once for as long as `owner` lives. Sets make a new array on every write, so a result that belongs to
 * an array is never stale; reading 20,000 rows page by page then filters and sorts them once.
 */
export function memoised<T>(owner: object, key: string, make: () => T): T {
	let known = results.get(owner);
	if (!known) results.set(owner, (known = new Map()));
	if (!known.has(key)) {
		if (known.size >= KEPT) known.clear();
		known.set(key, make());
	}
	return known.get(key) as T;
}
