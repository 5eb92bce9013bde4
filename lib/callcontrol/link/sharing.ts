import type { PbxClient } from '../../http/client';
import { onCredentialUse, type UsedBy } from '../../http/credentialUse';
import { ThreeCxError } from '../../http/errors';
import { backoff } from '../../http/retry';
import { startMonitor, type LinkState, type Monitor, type MonitorOptions } from './monitor';
import type { CallEvent, TrackerEvent } from '../calls/tracker';

/** What a subscriber may listen to, as its credential is at the moment. */
export interface LinkAccess {
	/** The same for all who may share a link: they have the same PBX, client ID and secret, and check certificates alike. */
	key: string;
	/** Whose it is; without it, the link does not hear of credentials that are used, see {@link onCredentialUse}. */
	stamp?: UsedBy;
	/** Logs in with these, and with no other. */
	client: PbxClient;
}

/** How patient subscribers are, in ms, besides their link. */
export interface SharingTiming {
	/** A credential is looked at this often, to see whether it still says what it said; default 60,000. */
	recheckMs: number;
	/** Upper bound of the wait before access is asked for again; it doubles with each failure; default 1,000. */
	accessRetryMs: number;
}

const DEFAULT_TIMING: SharingTiming = { recheckMs: 60_000, accessRetryMs: 1_000 };

/** Somebody who listens to a PBX. */
export interface Subscriber {
	/**
	 * Gives access with the subscriber's own credential, after all its own rules were asked. Called before it joins a link,
	 * before each try to connect, and from time to time.
	 */
	connect(): Promise<LinkAccess>;
	onEvents(events: TrackerEvent[]): void;
	/**
	 * Told first, before any event, when the state has been read: what has happened to the legs that are there. Again for
	 * each further link, when the credential leads to another. Without it, events come as the link tells them.
	 */
	onPresent?(present: CallEvent[]): void;
	/** The link went down or is up again; told only when that changes. */
	onState?(state: LinkState): void;
	/** Each message of the socket as it comes, see {@link MonitorOptions.onMessage}. */
	onMessage?(text: string): void;
	/** See {@link MonitorOptions.onShed}. */
	onShed?(total: number): void;
	/** See {@link MonitorOptions.onContested}. */
	onContested?(): void;
	/** Told what the others threw: it must not end the others, nor the process. */
	onError(error: unknown): void;
	/** Patience of the link; whoever opens it decides. */
	timing?: MonitorOptions['timing'] & Partial<SharingTiming>;
}

/** What a subscriber holds. */
export interface Subscription {
	/** Whether the link is up; {@link Subscriber.onState} tells only of changes. */
	readonly online: boolean;
	/**
	 * Waits for access and for the link; tries at once if it is down. See {@link Monitor.ready}.
	 *
	 * @throws ThreeCxError: why there is no access, or no link
	 */
	ready(withinMs?: number): Promise<void>;
	/** Unsubscribes: no more callbacks from now on. The last subscriber to leave closes the link. */
	leave(): Promise<void>;
}

/** The links of this process that are open or being opened; each is closed when its last member leaves. */
const links = new Map<string, Link>();

/** How many links this process holds open or tries to open. */
export const linkCount = (): number => links.size;

/**
 * Listens to a PBX over one socket for all in this process who ask with the same PBX, client and secret: 3CX ties socket
 * and token to the client ID, and every further socket would be told all the same.
 *
 * A link belongs to one PBX, client and secret all its life. A subscriber whose credential changes leaves it, and joins
 * or opens the one that the credential names then.
 *
 * @returns the subscription; access is being asked for
 */
export function subscribe(subscriber: Subscriber): Subscription {
	const member = new Member(subscriber);
	return {
		get online() {
			return member.online;
		},
		ready: async (withinMs) => await member.ready(withinMs),
		leave: async () => await member.leave(),
	};
}

/** How long a subscriber may take to give access, in ms: a database query and a look-up of a name. */
const ACCESS_MS = 30_000;

/** A credential is looked at once in this time, in ms, however often it, or one like it, is used. */
const LOOK_AGAIN_MS = 1_000;

/** Errors that mean a subscriber is not allowed to listen with this credential; all others are temporary. */
const NOT_ALLOWED = new Set<string>(['forbidden', 'input']);

/** One subscriber, and the link that it has the right to. */
class Member {
	private link?: Link;

	private readonly timing: SharingTiming;

	private readonly leaving = new AbortController();

	private isOnline = false;

	/** Has been told what is present on its link. */
	private hasBegun = false;

	private downSince?: number;

	private checking?: Promise<LinkAccess>;

	private failures = 0;

	private askedAt = 0;

	private timer?: NodeJS.Timeout;

	constructor(readonly subscriber: Subscriber) {
		this.timing = { ...DEFAULT_TIMING, ...subscriber.timing };
		void this.check().catch(() => undefined);
	}

	get online(): boolean {
		return this.isOnline;
	}

	/**
	 * Asks for access, once for all who want to know meanwhile, and goes where it leads.
	 *
	 * @throws what the subscriber threw
	 */
	async check(): Promise<LinkAccess> {
		this.checking ??= this.ask().finally(() => (this.checking = undefined));
		return await this.checking;
	}

	private async ask(): Promise<LinkAccess> {
		clearTimeout(this.timer);
		this.askedAt = performance.now();
		try {
			const access = await within(ACCESS_MS, this.subscriber.connect());
			this.failures = 0;
			this.again(this.timing.recheckMs);
			if (!this.leaving.signal.aborted) this.goTo(access);
			return access;
		} catch (cause) {
			const error = explain(cause);
			// Temporary errors do not end an existing link; missing permission does.
			if (NOT_ALLOWED.has(error.kind)) this.leaveLink();
			if (!this.link) this.down(error);
			const { accessRetryMs: baseMs, recheckMs: capMs } = this.timing;
			this.again(this.link ? capMs : backoff(this.failures++, { baseMs, capMs }));
			throw error;
		}
	}

	private again(ms: number): void {
		if (this.leaving.signal.aborted) return;
		clearTimeout(this.timer);
		this.timer = setTimeout(() => void this.check().catch(() => undefined), ms);
	}

	/** Its credential may have changed: looks soon. */
	lookAgain(): void {
		this.again(Math.max(0, this.askedAt + LOOK_AGAIN_MS - performance.now()));
	}

	private goTo({ key, stamp }: LinkAccess): void {
		if (this.link?.key === key) return;
		if (this.link) {
			this.leaveLink();
			this.down(moved());
		}
		const open = links.get(key);
		this.link = open ?? new Link(key, stamp, this);
		open?.add(this);
	}

	private leaveLink(): void {
		void this.link?.remove(this);
		this.link = undefined;
		this.hasBegun = false;
	}

	/** Tells the subscriber what is present, once on each link. */
	private begin(): void {
		if (this.hasBegun || !this.link) return;
		this.hasBegun = true;
		const present = this.link.monitor.replay();
		this.hand((subscriber) => subscriber.onPresent?.(present));
	}

	/** Passes events on, unless what is present is still to be told: it includes them. */
	tellEvents(events: TrackerEvent[]): void {
		if (this.subscriber.onPresent && !this.hasBegun) return;
		this.hand((subscriber) => subscriber.onEvents(events));
	}

	/** Tells the subscriber what the link says, and how long it was without one. */
	tell(state: LinkState): void {
		if (!state.online) return this.down(state.error);
		this.begin();
		if (this.isOnline) return;
		this.isOnline = true;
		const outageMs = this.downSince === undefined ? 0 : performance.now() - this.downSince;
		this.downSince = undefined;
		this.hand((subscriber) => subscriber.onState?.({ online: true, outageMs }));
	}

	private down(error: ThreeCxError): void {
		this.isOnline = false;
		if (this.downSince !== undefined) return;
		this.downSince = performance.now();
		this.hand((subscriber) => subscriber.onState?.({ online: false, error }));
	}

	/** An error of one subscriber does not reach the others. */
	hand(say: (subscriber: Subscriber) => void): void {
		if (this.leaving.signal.aborted) return;
		try {
			say(this.subscriber);
		} catch (error) {
			this.subscriber.onError(error);
		}
	}

	async ready(withinMs?: number): Promise<void> {
		if (this.isOnline) return;
		const { signal } = this.leaving;
		const until = withinMs === undefined ? Infinity : performance.now() + withinMs;
		if (!this.link) await within(withinMs, this.check());
		if (signal.aborted || !this.link) throw stopped();
		await this.link.monitor.ready(until === Infinity ? undefined : until - performance.now());
	}

	async leave(): Promise<void> {
		this.leaving.abort();
		clearTimeout(this.timer);
		const { link } = this;
		this.link = undefined;
		await link?.remove(this);
	}
}

/** One socket, and all who listen over it. */
class Link {
	readonly monitor: Monitor;

	private readonly members = new Set<Member>();

	private state?: LinkState;

	private readonly unhear: () => void;

	constructor(
		readonly key: string,
		private readonly stamp: UsedBy | undefined,
		first: Member,
	) {
		this.unhear = onCredentialUse((by, didLogIn) => this.hear(by, didLogIn));
		links.set(key, this);
		this.members.add(first);
		this.monitor = startMonitor({
			connect: async () => await this.connect(),
			onEvents: (events) => {
				for (const member of [...this.members]) member.tellEvents(events);
			},
			onState: (state) => {
				this.state = state;
				for (const member of [...this.members]) member.tell(state);
			},
			onShed: (total) => this.tell((subscriber) => subscriber.onShed?.(total)),
			onContested: () => this.tell((subscriber) => subscriber.onContested?.()),
			onMessage: (text) => this.tell((subscriber) => subscriber.onMessage?.(text)),
			timing: first.subscriber.timing,
		});
	}

	add(member: Member): void {
		this.members.add(member);
		if (this.state) member.tell(this.state);
	}

	/** @returns when nothing is left of the link, if this was its last member */
	async remove(member: Member): Promise<void> {
		this.members.delete(member);
		if (this.members.size > 0) return;
		this.unhear();
		if (links.get(this.key) === this) links.delete(this.key);
		await this.monitor.close();
	}

	/** Somebody uses a credential for the PBX and client of this link. */
	private hear({ tenant, secret }: UsedBy, didLogIn: boolean): void {
		if (tenant !== this.stamp?.tenant) return;
		if (secret !== this.stamp.secret) for (const member of this.members) member.lookAgain();
		// The PBX takes what it had refused.
		else if (didLogIn && !this.monitor.online) void this.monitor.ready().catch(() => undefined);
	}

	private tell(say: (subscriber: Subscriber) => void): void {
		for (const member of [...this.members]) member.hand(say);
	}

	/**
	 * A client for the next try, from the first member whose credential is still the one that this link is for. All are
	 * asked: those whose credential has changed go elsewhere.
	 */
	private async connect(): Promise<PbxClient> {
		const asked = [...this.members].map(async (member) => {
			const { key, client } = await member.check();
			if (key !== this.key) throw moved();
			return client;
		});
		return await Promise.any(asked).catch(({ errors }: AggregateError) => {
			throw (errors[0] as Error | undefined) ?? stopped();
		});
	}
}

const explain = (cause: unknown): ThreeCxError =>
	cause instanceof ThreeCxError
		? cause
		: new ThreeCxError({
				kind: 'unreachable',
				message: `The connection could not be prepared: ${String((cause as Error | undefined)?.message ?? cause)}`,
				hint: 'Check the credential: it may have been deleted, or an expression in it may fail.',
			});

const moved = () =>
	new ThreeCxError({
		kind: 'unreachable',
		message: 'The credential now names another PBX or API client',
		hint: 'The connection is opened again with the credential as it is now.',
	});

const stopped = () =>
	new ThreeCxError({
		kind: 'cancelled',
		message: 'Listening was stopped',
		hint: 'Start it again if you did not mean to stop it.',
	});

const tooSlow = () =>
	new ThreeCxError({
		kind: 'timeout',
		message: 'The credential could not be read in time',
		hint: 'n8n may be busy, or its database slow: try again.',
	});

/** The work, or an error when it takes longer; without a limit for as long as it takes. */
async function within<T>(ms: number | undefined, work: Promise<T>): Promise<T> {
	if (ms === undefined) return await work;
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(tooSlow()), ms);
	});
	return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
