import { setTimeout as sleep } from 'node:timers/promises';
import type { ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';
import type { JournalEntry } from '../../../sandbox/pbx/callcontrol';
import { listen } from '../../../nodes/ThreeCxTrigger/listen';
import { activate, Database, type ActiveTrigger } from '../../support/triggerHarness';
import type { Access } from './';
import { ImpatientTrigger, storeOf, TIMING } from './trigger';

/** How n8n itself went wrong, and what became of the calls. */
export interface CallVerdict {
	/** Calls that were there for long enough to be seen, or filed. */
	calls_happened: number;
	/** Of these, those whose end was told. */
	calls_told: number;
	/** Those whose end was not told. */
	ended_lost: number;
	/** Ends that were told more than once. */
	ended_twice: number;
	/** Of the ends that were told, those that came from the call log. */
	ended_from_history: number;
	/** How often n8n's process died and another took over. */
	restarts: number;
	/** Executions that n8n refused, or that did not end. */
	handover_faults: number;
	/** Executions that n8n's database dropped, because they had been there. */
	repeats_dropped: number;
	call_examples: string[];
}

/** Chances of an execution. */
const REFUSED = 0.04;
const HANGS = 0.01;

/** The trigger, with as little patience with n8n as with the PBX. */
class RestartedTrigger extends ImpatientTrigger {
	override async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		return await listen(this, {
			timing: TIMING,
			queue: { settleMs: 3_000, again: { baseMs: 200, capMs: 1_000 } },
			gaps: {
				readAfterMs: [2_000, 4_000, 6_000, 10_000, 20_000],
				lateMs: 5_000,
				beforeMs: 10_000,
			},
		});
	}
}

/**
 * A trigger that tells whole calls, in an n8n that is killed again and again, refuses executions and leaves others
 * hanging. Its database outlives it.
 */
export class RestartedN8n {
	private readonly database = new Database();

	/** What has been told of the end of each call, by its number. */
	private readonly ends = new Map<number, string[]>();

	private running?: ActiveTrigger;

	private restarts = 0;

	private faults = 0;

	private fromHistory = 0;

	private readonly over = new AbortController();

	private troubles?: Promise<void>;

	constructor(
		private readonly access: Access,
		private readonly random: () => number,
	) {}

	/** Starts it, and its troubles. */
	async begin(): Promise<void> {
		await this.start('activate');
		this.troubles = this.cause();
	}

	private async start(mode: 'activate' | 'init'): Promise<void> {
		this.running = await activate(
			{
				type: RestartedTrigger,
				credentials: storeOf(this.access),
				nodeId: 'calls',
				parameters: {
					events: ['callRinging', 'callAnswered', 'callEnded'],
					options: { defaultCountry: '' },
				},
				database: this.database,
				endAtOnce: false,
				refuse: () => {
					if (this.over.signal.aborted || this.random() >= REFUSED) return undefined;
					this.faults += 1;
					return new Error('timeout exceeded when trying to connect');
				},
				onEmit: ({ items, end }) => {
					for (const { json } of items) {
						if (json.event !== 'callEnded') continue;
						const callid = Number(json.callId);
						const told = `${String(json.eventId)} (${String(json.extension)}, ${String(json.number)})`;
						this.ends.set(callid, [...(this.ends.get(callid) ?? []), told]);
						if (json.source === 'history') this.fromHistory += 1;
					}
					if (!this.over.signal.aborted && this.random() < HANGS) this.faults += 1;
					else setTimeout(end, 5);
				},
			},
			mode,
		);
	}

	/** Kills the process every ten seconds or so, and starts the next one some seconds later. */
	private async cause(): Promise<void> {
		const { signal } = this.over;
		const pause = async (ms: number) =>
			await sleep(ms, undefined, { signal }).catch(() => undefined);
		while (!signal.aborted) {
			await pause(6_000 + this.random() * 8_000);
			if (signal.aborted) return;
			this.restarts += 1;
			await this.stop();
			await pause(500 + this.random() * 4_000);
			await this.start('init');
		}
	}

	private async stop(): Promise<void> {
		this.running?.kill();
		await this.running?.response.closeFunction?.();
	}

	/** Ends the troubles; what is told afterwards counts as well. */
	async calm(): Promise<void> {
		this.over.abort();
		await this.troubles;
	}

	async close(): Promise<void> {
		await this.calm();
		await this.stop();
	}

	/** @returns what was told of the calls that the journal has */
	judge(journal: readonly JournalEntry[], shortMs: number): CallVerdict {
		const calls = new Map<number, { from: number; to?: number; legs: number }>();
		for (const { callid, at, from, to } of journal) {
			const call = calls.get(callid) ?? { from: at.getTime(), legs: 0 };
			calls.set(callid, call);
			if (from === null) call.legs += 1;
			if (to === null) call.legs -= 1;
			call.to = call.legs === 0 ? at.getTime() : undefined;
		}
		// One that was there for a moment only is seen by nobody, unless a gap makes the trigger read the log.
		const long = [...calls].filter(([, { from, to = from }]) => to - from >= shortMs);
		const lost = long.filter(([callid]) => !this.ends.has(callid)).map(([callid]) => callid);
		const twice = [...this.ends].filter(([, told]) => told.length > 1);
		return {
			calls_happened: long.length,
			calls_told: long.length - lost.length,
			ended_lost: lost.length,
			ended_twice: twice.reduce((sum, [, told]) => sum + told.length - 1, 0),
			ended_from_history: this.fromHistory,
			restarts: this.restarts,
			handover_faults: this.faults,
			repeats_dropped: this.database.duplicates,
			call_examples: [
				...lost.slice(0, 10).map((callid) => {
					const { from, to = from } = calls.get(callid)!;
					return `never ended: call ${callid}, there for ${to - from} ms`;
				}),
				...twice
					.slice(0, 10)
					.map(([callid, told]) => `ended more than once: call ${callid}: ${told.join('; ')}`),
			],
		};
	}
}
