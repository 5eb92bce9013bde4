/** Something that a test holds up until it lets it go on. */
export interface Gate {
	/** Resolves once it is open. */
	opened: Promise<void>;
	open(): void;
}

/** @returns a gate that is closed */
export function gate(): Gate {
	let open: () => void = () => undefined;
	const opened = new Promise<void>((resolve) => (open = resolve));
	return { opened, open };
}
