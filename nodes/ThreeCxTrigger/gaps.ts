import type { ITriggerFunctions } from 'n8n-workflow';
import type { Teller, ToldEvent } from '../../lib/callcontrol/calls/teller';
import { NOTICED_AFTER_MS, type Told } from '../../lib/callcontrol/calls/told';
import { readActiveCalls } from '../../lib/history/activeCalls';
import { loggedCall } from '../../lib/history/missed';
import { readCalls } from '../../lib/history/reads';
import type { PbxClient } from '../../lib/http/client';
import { ThreeCxError } from '../../lib/http/errors';
import { systemClock, type Clock } from '../../lib/waiting/clock';

/** What fills gaps in. */
export interface GapOptions {
	/** Gives the PBX to ask. */
	connect(): Promise<PbxClient>;
	logger: Pick<ITriggerFunctions['logger'], 'warn' | 'info'>;
	/** Of calls that nobody saw: their end only, or all. */
	tell: 'ended' | 'everything';
	/** Takes what is found. */
	push(event: ToldEvent): void;
	/** Default {@link PATIENCE}. */
	patience?: Partial<GapPatience>;
	clock?: Clock;
}

/** How late things may come to light. */
export interface GapPatience {
	/** When the call log is read after a gap, in ms after the time before. */
	readAfterMs: readonly number[];
	/** How long after its call a row may appear, in ms. */
	lateMs: number;
	/** Calls that ended this long before a gap may not have been told, in ms: a dead link is noticed late. */
	beforeMs: number;
}

/** Rows appear up to two minutes after their call: so the first three readings are made in any case. */
const PATIENCE: GapPatience = {
	readAfterMs: [5_000, 30_000, 90_000, 600_000, 3_000_000],
	lateMs: 120_000,
	beforeMs: NOTICED_AFTER_MS,
};

/** Readings after which what has not been found is not waited for. */
const READINGS = 3;

/** Further back than this nothing is filled in, in ms. */
const FURTHEST_MS = 86_400_000;

/** Most calls that are told of one gap. */
const MOST_CALLS = 1_000;

/**
 * Fills in from the call log what happened while nobody listened: n8n was down, or the link was.
 *
 * @returns takes gaps, until it is closed
 */
export class Gaps {
	private readonly closing = new AbortController();

	private readonly clock: Clock;

	private readonly patience: GapPatience;

	/** Changes with every gap: what is under way for an older one ends. */
	private current = 0;

	/** The API client may not read the log; that is said once. */
	private isForbidden = false;

	constructor(private readonly options: GapOptions) {
		this.clock = options.clock ?? systemClock;
		this.patience = { ...PATIENCE, ...options.patience };
	}

	/**
	 * @param since when it began, in ms since the epoch
	 * @param teller whose calls are told
	 * @param told where it is kept that there is something to fill in, until it has been
	 */
	fill(since: number, teller: Teller, told: Told): void {
		told.gap = Math.max(Math.min(since, told.gap ?? since), Date.now() - FURTHEST_MS);
		this.current += 1;
		void this.run(this.current, told.gap - this.patience.beforeMs, teller, told);
	}

	close(): void {
		this.closing.abort();
	}

	private async run(gap: number, since: number, teller: Teller, told: Told): Promise<void> {
		const { push, logger } = this.options;
		const { readAfterMs, lateMs } = this.patience;
		const { signal } = this.closing;
		let found = 0;
		let failure: ThreeCxError | undefined;
		let isRead = false;
		for (const [reading, ms] of readAfterMs.entries()) {
			await this.clock.sleep(ms, signal);
			if (signal.aborted || gap !== this.current) return;
			const readAt = Date.now();
			const news = this.isForbidden
				? []
				: await this.read(since, teller, reading >= READINGS - 1).catch(
						(cause: unknown) => cause as ThreeCxError,
					);
			// Also when another gap has begun meanwhile: what was found counts as told from now on.
			if (Array.isArray(news)) {
				news.slice(0, Math.max(0, MOST_CALLS - found)).forEach(push);
				found += news.length;
			}
			if (signal.aborted || gap !== this.current) return;
			// Should n8n end now, the next process need not look back so far.
			if (Array.isArray(news)) told.gap = Math.max(told.gap ?? 0, readAt - lateMs);
			failure = news instanceof Error ? news : undefined;
			isRead ||= !failure;
			this.isForbidden ||= failure?.kind === 'forbidden';
			const isEnough = reading >= READINGS - 1 || this.isForbidden;
			if (isEnough) teller.endHeld().forEach(push);
			if (isEnough && (isRead || this.isForbidden)) break;
		}
		if (failure?.kind === 'forbidden') logger.warn(NOT_ALLOWED);
		else if (!isRead)
			logger.warn(
				`3CX Trigger: the call log could not be read, so calls that began and ended while nobody listened are not told. ${failure?.message}`,
			);
		if (found > MOST_CALLS)
			logger.warn(
				`3CX Trigger: ${found} events were missed while nobody listened; the first ${MOST_CALLS} are told. The 3CX Call History Trigger tells all of them.`,
			);
		if (isRead && teller.unsureUntil > since)
			logger.warn(
				`3CX Trigger: so many calls have ended that it is not known any more which were told. Calls that nobody saw are told only if they ended after ${new Date(teller.unsureUntil).toISOString()}. The 3CX Call History Trigger tells all of them.`,
			);
		told.gap = undefined;
	}

	/** @param isLast whether what looks complete is taken for it */
	private async read(since: number, teller: Teller, isLast: boolean): Promise<ToldEvent[]> {
		const client = await this.options.connect();
		const now = Date.now();
		const active = await readActiveCalls(client).catch(() => undefined);
		const ahead = active?.aheadMs ?? 0;
		const from = Math.min(since, teller.heldSince ?? since) - this.patience.beforeMs + ahead;
		const calls = await readCalls(
			client,
			{ from, to: now + ahead + this.patience.beforeMs },
			now + ahead,
		);
		const isOver = ({ state }: (typeof calls)[number]) =>
			state === 'complete' || (isLast && state === 'unsure');
		const over = calls.filter(isOver).map(({ value }) => value);
		return teller.fillIn(
			over.map((call) => loggedCall(call, ahead)),
			since,
			this.options.tell,
		);
	}
}

const NOT_ALLOWED =
	'3CX Trigger: calls that begin and end while nobody listens cannot be told, because the API client may not read the call log. To allow it, give the API client the role System Owner (3CX Admin Console > Integrations > API), or set the option "Tell What Was Missed" to "Nothing".';
