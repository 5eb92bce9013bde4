import { setTimeout as delay } from 'node:timers/promises';
import type { Pbx } from '../../../sandbox/pbx';

/** A call of the run. Each rings an extension of its own, so the extension tells the calls apart everywhere. */
export interface Call {
	extension: string;
	callid: number;
	/** By the clock of `performance`. */
	startedAt: number;
	/** Whether the workflow has called back into the PBX while the phone rang. */
	calledBack: boolean;
}

/** The PBX is looked at this often, in ms. */
const LOOK_MS = 50;
/** How long a caller waits, in ms: longer than n8n's main process takes to come back. */
const PATIENCE_MS = 60_000;
/** Makes the PBX leave the callers alone: they decide when to give up. */
export const RING_TIMEOUT_MS = 10 * PATIENCE_MS;
/** How our node asks for the user of an extension. */
const LOOKUP = /^\/xapi\/v1\/Users\(Number='(\d+)'\)$/;
/** Requests that may still be under way behind those that were answered. */
const UNANSWERED = 500;

/** @returns the extension of a call. Those that end in 9 have no phone in the sandbox. */
export const extensionOf = (index: number): string =>
	String(20_000 + Math.floor(index / 9) * 10 + (index % 9));

/** Gives a PBX as many extensions as there are calls, by copying its first user. */
export function addExtensions({ store }: Pbx, count: number): void {
	const [template] = store.rows('Users');
	for (let index = 0; index < count; index++) {
		const number = extensionOf(index);
		store.insert('Users', {
			...template,
			Id: store.nextId(),
			Number: number,
			FirstName: 'Extension',
			LastName: number,
			EmailAddress: `${number}@example.com`,
		});
	}
}

/**
 * Plays calls as patient people do: a phone rings until the workflow has looked up whom it belongs to, is picked up
 * then, and the caller hangs up. After {@link PATIENCE_MS} the caller gives up.
 */
export class Calls {
	readonly all: Call[] = [];

	private readonly ringing = new Map<string, Call>();

	/** Requests that were there before the first call. */
	private readonly before: number;

	private looked = 0;

	private readonly timer = setInterval(() => this.look(), LOOK_MS);

	/** @param pbx a PBX with {@link addExtensions} and {@link RING_TIMEOUT_MS} */
	constructor(private readonly pbx: Pbx) {
		this.before = pbx.requests.length;
	}

	/** Begins so many further calls, `perSecond`; resolves when the last one rings. */
	async play(count: number, perSecond: number): Promise<void> {
		const start = performance.now();
		for (let index = 0; index < count; index++) {
			await delay(Math.max(0, start + (index * 1_000) / perSecond - performance.now()));
			const extension = extensionOf(this.all.length);
			const from = `0207946${String(this.all.length).padStart(4, '0')}`;
			const callid = this.pbx.calls.incoming({ from, to: extension });
			const call: Call = { extension, callid, startedAt: performance.now(), calledBack: false };
			this.all.push(call);
			this.ringing.set(extension, call);
		}
	}

	/** Waits until no phone rings any more. */
	async over(): Promise<void> {
		while (this.ringing.size > 0) await delay(LOOK_MS);
	}

	close(): void {
		clearInterval(this.timer);
	}

	/** Looks for lookups that the PBX has answered since, and for callers whose patience is at its end. */
	private look(): void {
		const { requests } = this.pbx;
		const from = Math.max(this.before, this.looked - UNANSWERED);
		for (const { status, path } of requests.slice(from)) {
			const extension = LOOKUP.exec(decodeURIComponent(path))?.[1] ?? '';
			const call = status === 200 ? this.ringing.get(extension) : undefined;
			if (!call) continue;
			call.calledBack = true;
			this.pbx.calls.answer({ callid: call.callid, dn: extension });
			this.end(call);
		}
		this.looked = requests.length;
		const tooLong = performance.now() - PATIENCE_MS;
		for (const call of this.ringing.values()) if (call.startedAt < tooLong) this.end(call);
	}

	private end(call: Call): void {
		this.ringing.delete(call.extension);
		this.pbx.calls.hangUp({ callid: call.callid });
	}
}
