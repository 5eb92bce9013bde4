import type { Invocation } from '../context';

/** An action that deletes the rows with some keys; what is not there is passed over, since the swagger declares no answer. */
export const bulkDelete =
	(set: string, keysIn: (args: Invocation['args']) => unknown[] = ({ ids }) => ids as unknown[]) =>
	({ context: { store }, args }: Invocation): void => {
		for (const key of keysIn(args)) {
			const row = store.find(set, 'Id', key);
			if (row) store.remove(set, row);
		}
	};
