/**
 * Waits for work that cannot be stopped itself, such as a login that others wait for, too; but no longer than somebody
 * is interested.
 *
 * @param signal ends the waiting; the work goes on
 * @returns what the work gives
 * @throws what the work throws, or the signal's reason
 */
export async function unlessAborted<T>(
	work: Promise<T>,
	signal: AbortSignal | undefined,
): Promise<T> {
	if (!signal) return await work;
	return await new Promise<T>((resolve, reject) => {
		const stop = () => reject(signal.reason as Error);
		if (signal.aborted) stop();
		signal.addEventListener('abort', stop, { once: true });
		void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
	});
}
