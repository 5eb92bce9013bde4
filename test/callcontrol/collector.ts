/** Gathers what is told and lets a test wait for it; no sleeping, no polling. */
export class Collector<T> {
	readonly items: T[] = [];

	private readonly watchers = new Set<() => void>();

	readonly push = (item: T): void => {
		this.items.push(item);
		this.check();
	};

	readonly pushAll = (items: T[]): void => {
		this.items.push(...items);
		this.check();
	};

	/** @returns the first item that fits, waiting for it; items before `from` do not count. */
	async first(fits: (item: T) => boolean, what: string, from = 0, ms = 5_000): Promise<T> {
		return await new Promise<T>((resolve, reject) => {
			const look = () => {
				const found = this.items.slice(from).find(fits);
				if (found === undefined) return;
				clearTimeout(timer);
				this.watchers.delete(look);
				resolve(found);
			};
			const timer = setTimeout(() => {
				this.watchers.delete(look);
				reject(
					new Error(`waited ${ms} ms for ${what}; got ${JSON.stringify(this.items.slice(from))}`),
				);
			}, ms);
			this.watchers.add(look);
			look();
		});
	}

	/** Waits until there are this many. */
	async count(n: number, what: string): Promise<T[]> {
		await this.first(() => this.items.length >= n, `${n} ${what}`);
		return this.items;
	}

	private check(): void {
		for (const look of [...this.watchers]) look();
	}
}
