/** Faults that a test can put into the answers of the simulated PBX. */
import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** What goes wrong, and for which requests. */
export interface Fault {
	/** Only requests with this method. */
	method?: string;
	/** Only requests whose path with query matches. */
	path?: RegExp;
	/** For so many matching requests; default 1. */
	times?: number;
	/** Answer with this status instead of doing what was asked. */
	status?: number;
	/** The body that goes with `status`; text as is, anything else as JSON. */
	body?: unknown;
	headers?: Record<string, string>;
	/** Milliseconds before anything happens. */
	delayMs?: number;
	/** Waited for before anything happens: what a test does meanwhile comes first, however busy the machine is. */
	until?: Promise<void>;
	/** Do what was asked first, and go wrong instead of answering: what is known of the request gets lost. */
	after?: boolean;
	/** Cut the connection with a TCP reset instead of answering. */
	resetConnection?: boolean;
	/** Answer 200 with JSON that breaks off. */
	malformedJson?: boolean;
	/** Never answer; the connection stays open until the PBX closes. */
	hang?: boolean;
}

/**
 * A fault in words, for the command line: `503 GET /xapi/v1/Users`, `reset /callcontrol`, `hang`. It happens for ever.
 *
 * @param text a status, `reset` or `hang`; then a method, if only that is meant; then a pattern that the path with its
 *   query must match
 * @throws Error that says how it is written
 */
export function faultFrom(text: string): Fault {
	const [, what = '', method, pattern] =
		/^(\d{3}|reset|hang)(?: ([A-Z]+))?(?: (\/\S*))?$/.exec(text.trim()) ?? [];
	if (what === '') {
		throw new Error(
			`"${text}" is no fault: write "503 GET /xapi/v1/Users", "reset /callcontrol" or "hang"`,
		);
	}
	const how =
		what === 'reset'
			? { resetConnection: true }
			: what === 'hang'
				? { hang: true }
				: { status: Number(what) };
	return {
		...how,
		times: Infinity,
		...(method !== undefined && { method }),
		...(pattern !== undefined && { path: new RegExp(pattern) }),
	};
}

/** Waits as long as a fault holds a request up. */
export async function heldUp({ delayMs, until }: Fault): Promise<void> {
	await until;
	if (delayMs !== undefined) await sleep(delayMs);
}

interface FaultEvents {
	dropSockets: [];
	freezeSockets: [];
	thawSockets: [];
}

export class Faults extends EventEmitter<FaultEvents> {
	/** Milliseconds that every answer takes on top; may be changed at any time. */
	latencyMs = 0;

	private readonly queue: Array<{ fault: Fault; left: number }> = [];

	/** Puts a fault in line; the first that matches a request is used. */
	next(fault: Fault): void {
		this.queue.push({ fault, left: fault.times ?? 1 });
	}

	/** Takes back all faults that have not happened yet. */
	clear(): void {
		this.queue.length = 0;
	}

	/** Faults that have not happened yet. */
	get pending(): number {
		return this.queue.reduce((sum, { left }) => sum + left, 0);
	}

	/** The fault for a request, which counts as used. */
	take(method: string, pathWithQuery: string): Fault | undefined {
		const index = this.queue.findIndex(
			({ fault }) =>
				(fault.method === undefined || fault.method === method) &&
				(fault.path === undefined || fault.path.test(pathWithQuery)),
		);
		const entry = this.queue[index];
		if (!entry) return undefined;
		entry.left -= 1;
		if (entry.left <= 0) this.queue.splice(index, 1);
		return entry.fault;
	}

	/** Cuts every Call Control socket. */
	dropSockets(): void {
		this.emit('dropSockets');
	}

	/** Leaves every Call Control socket open but dead. */
	freezeSockets(): void {
		this.emit('freezeSockets');
	}

	/** Ends freezeSockets. */
	thawSockets(): void {
		this.emit('thawSockets');
	}
}
