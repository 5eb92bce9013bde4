/** @returns the middle value; the mean of the two in the middle of an even number; NaN of none */
export function median(values: readonly number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const middle = sorted.length >> 1;
	const upper = sorted[middle] ?? NaN;
	return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** @returns the value that this share (0 to 1) of the values does not exceed, by nearest rank; NaN of none */
export function percentile(values: readonly number[], share: number): number {
	const sorted = values.toSorted((a, b) => a - b);
	return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** @returns the value with so many digits behind the point, as JSON shows it */
export const rounded = (value: number, digits = 0): number => Number(value.toFixed(digits));

/** @returns the list beginning at another place each round, so that nobody always comes first */
export function rotated<T>(list: readonly T[], round: number): T[] {
	const start = round % Math.max(1, list.length);
	return [...list.slice(start), ...list.slice(0, start)];
}
