/**
 * Guards against a trigger node that is registered twice in one process. n8n can do that when two of its retry loops
 * succeed together, and then closes only one of them (seen in n8n 2.40): every event would come twice, for ever.
 */
export class Registrations {
	private readonly closers = new Map<string, () => Promise<void>>();

	/**
	 * Registers a node; an earlier registration under the same key is closed.
	 *
	 * @param key workflow and node
	 * @param close ends what is registered; called at most once
	 * @returns closes this registration, and only this one
	 */
	async replace(key: string, close: () => Promise<void>): Promise<() => Promise<void>> {
		let closing: Promise<void> | undefined;
		const closeOnce = async () => await (closing ??= close());
		const earlier = this.closers.get(key);
		this.closers.set(key, closeOnce);
		await earlier?.();
		return async () => {
			if (this.closers.get(key) === closeOnce) this.closers.delete(key);
			await closeOnce();
		};
	}
}
