import { setTimeout as sleep } from 'node:timers/promises';
import { startPbx } from '../../../sandbox/pbx';
import { seeded } from '../../../sandbox/pbx/callcontrol/random';
import { judge, SHORT_MS, type Delivered, type Span, type Verdict } from './judge';
import { playCalls } from './players';
import { startProxy, type FaultProxy, type ProxyEvents } from './proxy';
import { RestartedN8n, type CallVerdict } from './restarts';
import { causeTrouble, LONGEST_DELAY_MS, noFaults, type FaultCounts } from './troubles';

export type { Delivered, Verdict } from './judge';

/** A client that is listened to. */
export interface Listener {
	/** Ends it; what it says afterwards counts as well. */
	close(): Promise<void>;
}

/** How to reach the PBX through the proxy. */
export interface Access {
	pbxUrl: string;
	clientId: string;
	clientSecret: string;
}

export interface ChaosOptions {
	/** Calls to play. */
	calls: number;
	seed: number;
	/** Starts the client; resolves when it listens. */
	listen(access: Access, tell: (event: Delivered) => void): Promise<Listener>;
	/** The client's own links that are still open, in this process. */
	linksLeft(): number;
}

/** The line that `npm run chaos` ends with. */
export interface ChaosResult extends Verdict, CallVerdict {
	calls: number;
	seed: number;
	faults: FaultCounts;
	/** Sockets opened after the first. */
	reconnects: number;
	/** Sockets and links that were left when the client had been closed. */
	sockets_leaked: number;
	/** Timers that were left when all had been closed. */
	timers_leaked: number;
	/** How long the client was blind in all, and at the longest, in seconds. */
	blind_seconds: { total: number; longest: number };
	seconds: number;
}

/** A client gets this long to be back after the last trouble, in ms; blindness beyond it excuses nothing. */
const GRACE_MS = 15_000;

/** How long the last events may take to arrive, in ms. */
const SETTLE_MS = 30_000;

/**
 * Plays calls on a simulated PBX behind a proxy that makes everything go wrong, and compares what a client said with
 * the PBX's own journal. The same seed gives the same calls and the same troubles; what the operating system makes of
 * their timing is not repeatable.
 */
export async function runChaos({
	calls,
	seed,
	listen,
	linksLeft,
}: ChaosOptions): Promise<ChaosResult> {
	const startedAt = performance.now();
	const timersBefore = timers();
	const pbx = await startPbx({
		seedCallLogRows: 0,
		calls: { ringTimeoutMs: 600_000, externalAnswerAfterMs: 600_000, random: seed },
	});
	const proxy = await startProxy(pbx.url);
	const sight = new Sight(proxy);
	const { clientId, clientSecret } = pbx.defaultClient;
	const told: Delivered[] = [];
	const listener = await listen({ pbxUrl: proxy.url, clientId, clientSecret }, (event) =>
		told.push(event),
	);
	const n8n = new RestartedN8n({ pbxUrl: proxy.url, clientId, clientSecret }, seeded(seed + 2));
	await n8n.begin();
	const counts = noFaults();
	const over = new AbortController();
	const trouble = causeTrouble({
		pbx,
		proxy,
		counts,
		random: seeded(seed),
		traffic: seeded(seed + 1),
		onBreak: () => sight.broken(),
		onOver: () => sight.sound(),
		signal: over.signal,
	});
	await playCalls(pbx.calls, calls, clientId, seed);
	over.abort();
	await trouble;
	await n8n.calm();
	const judgeCalls = () => n8n.judge(pbx.calls.journal, SHORT_MS);
	const compare = () => judge(pbx.calls.journal, told, sight.blindness());
	const deadline = performance.now() + SETTLE_MS;
	for (let known = -1; performance.now() < deadline; ) {
		await sleep(1_000);
		const isQuiet = told.length === known;
		known = told.length;
		const isAllTold = compare().lost === 0 && judgeCalls().ended_lost === 0;
		if (isQuiet && !sight.isBlind && isAllTold) break;
	}
	const verdict = { ...compare(), ...judgeCalls() };
	const reconnects = proxy.opens - 1;
	await n8n.close();
	await listener.close();
	await sleep(100);
	const socketsLeft = proxy.open + linksLeft();
	await proxy.close();
	await pbx.close();
	await sleep(100);
	return {
		calls,
		seed,
		...verdict,
		faults: counts,
		reconnects,
		sockets_leaked: socketsLeft,
		timers_leaked: Math.max(0, timers() - timersBefore),
		blind_seconds: sight.blindSeconds(),
		seconds: Math.round((performance.now() - startedAt) / 1000),
	};
}

/** Timers that keep this process alive. */
const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

/** Keeps account of when the client could see what: watches what the proxy lets through. */
class Sight {
	private readonly blind: Span[] = [];

	private readonly legs = new Map<string, Span[]>();

	/** Legs whose last read was failed on purpose, with the time of it. */
	private readonly unread = new Map<string, number>();

	private blindSince: number | undefined;

	/** Since when a socket is open whose state has not been read, in ms since the epoch. */
	private openSince: number | undefined;

	private soundSince = Date.now();

	constructor(proxy: FaultProxy) {
		this.broken();
		proxy.on('opened', () => (this.openSince = Date.now()));
		proxy.on('closed', () => this.broken());
		proxy.on('answered', (answer) => this.answered(answer));
	}

	get isBlind(): boolean {
		return this.blindSince !== undefined;
	}

	/** The link is dead as of now; messages that were held back at that moment are lost with it. */
	broken(): void {
		this.openSince = undefined;
		this.soundSince = Date.now();
		this.blindSince ??= Date.now() - LONGEST_DELAY_MS;
	}

	/** From now on nothing keeps a client from coming back. */
	sound(): void {
		this.soundSince = Date.now();
	}

	blindness() {
		return {
			link: [
				...this.blind,
				...(this.blindSince === undefined ? [] : [this.until(this.blindSince)]),
			],
			legs: this.legs,
		};
	}

	blindSeconds() {
		const spans = this.blindness().link.map(({ from, to }) => (to - from) / 1000);
		const rounded = (seconds: number) => Math.round(seconds * 10) / 10;
		return {
			total: rounded(spans.reduce((sum, each) => sum + each, 0)),
			longest: rounded(Math.max(0, ...spans)),
		};
	}

	private answered({ path, status, injected, askedAt }: ProxyEvents['answered'][0]): void {
		if (path === '/callcontrol') {
			if (status !== 200) return;
			// What was asked before a read failed may be older than what that read was for.
			for (const [leg, failedAt] of [...this.unread]) if (failedAt <= askedAt) this.read(leg);
			if (this.blindSince === undefined || this.openSince === undefined) return;
			// What was asked before the socket was open tells nothing of what happened until then.
			if (askedAt < this.openSince) return;
			this.blind.push(this.until(this.blindSince));
			this.blindSince = undefined;
			return;
		}
		const [, dn, participant] = /^\/callcontrol\/([^/]+)\/participants\/(\d+)$/.exec(path) ?? [];
		if (dn === undefined) return;
		const leg = `${decodeURIComponent(dn)}/${participant}`;
		if (!injected) this.read(leg);
		else if (!this.unread.has(leg)) this.unread.set(leg, Date.now());
	}

	/** The state of a leg has got through (or that it is gone). */
	private read(leg: string): void {
		const since = this.unread.get(leg);
		if (since === undefined) return;
		this.unread.delete(leg);
		this.legs.set(leg, [...(this.legs.get(leg) ?? []), this.until(since)]);
	}

	private until(from: number): Span {
		return { from, to: Math.min(Date.now(), Math.max(from, this.soundSince) + GRACE_MS) };
	}
}
