import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** ms between two looks at the memory. */
const SAMPLE_MS = 20;
/** ms between two looks at which processes there are. */
const PROCESSES_MS = 500;
/** Memory is at rest when it has moved by less than so many MB over so many ms. */
const REST = { withinMb: 2, forMs: 2_000, atMostMs: 20_000 };

/** What can be known of a process from `/proc`; undefined when it has ended. */
function read(pid: number | string, file: string): string | undefined {
	try {
		return readFileSync(`/proc/${pid}/${file}`, 'utf8');
	} catch {
		return undefined;
	}
}

/** Whether processes can be looked at as below: on Linux. */
export const canReadMemory = (): boolean => existsSync('/proc/self/status');

/** Ids of the children of every process. */
function children(): Map<number, number[]> {
	const found = new Map<number, number[]>();
	for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
		// `pid (name) state ppid ...`; the name may hold anything, also a bracket.
		const parent = Number(read(pid, 'stat')?.split(') ').at(-1)?.split(' ')[1]);
		found.set(parent, [...(found.get(parent) ?? []), Number(pid)]);
	}
	return found;
}

/** The process that we started with this text in its command line. */
export function childRunning(text: string): number | undefined {
	return children()
		.get(process.pid)
		?.find((pid) => read(pid, 'cmdline')?.replaceAll('\0', ' ').includes(text));
}

function tree(root: number): number[] {
	const all = children();
	const pids = [root];
	for (const pid of pids) pids.push(...(all.get(pid) ?? []));
	return pids;
}

const kilobytes = (pid: number): number =>
	Number(/^VmRSS:\s+(\d+) kB/m.exec(read(pid, 'status') ?? '')?.[1] ?? 0);

const megabytes = (pids: readonly number[]): number =>
	(pids.reduce((sum, pid) => sum + kilobytes(pid), 0) * 1024) / 1e6;

/** Resident memory of a process and all that it started, in MB, once it no longer moves. */
export async function restingMegabytes(root: number): Promise<number> {
	const deadline = Date.now() + REST.atMostMs;
	for (;;) {
		const before = megabytes(tree(root));
		await sleep(REST.forMs);
		const after = megabytes(tree(root));
		if (Math.abs(after - before) < REST.withinMb || Date.now() > deadline) return after;
	}
}

/**
 * Watches the resident memory of a process and all that it started while something is done.
 *
 * @returns what `work` gives, and the peak in MB
 */
export async function peakMegabytes<T>(
	root: number,
	work: () => Promise<T>,
): Promise<{ result: T; peak: number }> {
	let pids = tree(root);
	let peak = megabytes(pids);
	const sample = setInterval(() => (peak = Math.max(peak, megabytes(pids))), SAMPLE_MS);
	const look = setInterval(() => (pids = tree(root)), PROCESSES_MS);
	try {
		const result = await work();
		return { result, peak: Math.max(peak, megabytes(pids)) };
	} finally {
		clearInterval(sample);
		clearInterval(look);
	}
}
