import type { IDataObject, INodeProperties } from 'n8n-workflow';
import { Inbox } from '../../../lib/waiting/inbox';
import { CallProgress, type Followed, type Stage } from '../../../lib/callcontrol/calls/progress';
import { createCallControl, type CallControl } from '../../../lib/callcontrol/rest/client';
import type { CallEvent } from '../../../lib/callcontrol/calls/tracker';
import { STATUS, type CallControlResult } from '../../../lib/callcontrol/rest/types';
import {
	waitFor,
	withCallEvents,
	type Listening,
	type OnEvent,
	type WaitEnd,
	type WaitRules,
} from '../../../lib/callcontrol/calls/wait';
import { pendingAnswer, wordOf, type PendingAnswer } from '../../../lib/callcontrol/calls/answer';
import { ThreeCxError } from '../../../lib/http/errors';
import { systemClock } from '../../../lib/waiting/clock';
import type { ItemRun } from '../../shared/router';
import { linkOf } from '../link';

/** What *Wait Until* offers wherever it is asked. */
export const ANSWERED = {
	name: 'Answered',
	value: 'answered',
	description: 'Two people, or a person and an app, are connected',
} as const;

export const CONNECTED = {
	name: 'Connected',
	value: 'connected',
	description: 'Someone or something picks up, including a queue, a menu or voicemail',
} as const;

/** Turn an operation that starts something into one that waits for what comes of it. */
export const waitFields: INodeProperties[] = [
	{
		displayName: 'Wait Until',
		name: 'waitUntil',
		type: 'options',
		options: [
			ANSWERED,
			CONNECTED,
			{ name: 'Do Not Wait', value: 'nothing', description: 'The workflow continues at once' },
			{ name: 'Ended', value: 'ended', description: 'The call is over, answered or not' },
			{
				name: 'Ringing',
				value: 'ringing',
				description: 'The phone of the destination rings, or an external number is dialled',
			},
		],
		default: 'nothing',
		description:
			'What has to happen to the call before the workflow continues. The field "outcome" in the output says what happened: the call can also end, or the time can run out.',
	},
	{
		displayName: 'Wait at Most (Seconds)',
		name: 'timeLimit',
		type: 'number',
		typeOptions: { minValue: 1 },
		default: 60,
		displayOptions: { show: { waitUntil: ['answered', 'connected', 'ended', 'ringing'] } },
		description: 'After this time the workflow continues; the call does not end',
	},
];

/** What stands for an answer that is still to come. */
export const NOT_SAID: CallControlResult = { succeeded: true, reason: '', reasonText: '' };

/** What is done to a call, and which call is followed afterwards. */
export interface Action {
	/** Does it. */
	act: () => Promise<CallControlResult>;
	/** Tells which call to follow, from what 3CX has answered; nothing where the answer is not there yet, or got lost. */
	follow: (result: CallControlResult | undefined) => Followed;
	/** 3CX answers when it is known how it went (protocol 2.5): the wait is over when the fields say so, not then. */
	isAwaited?: boolean;
	/** As in "The call to 101 goes on". */
	name: string;
}

/** What is known at the end. */
export interface Waited {
	/** 3CX's answer; undefined as long as there is none. */
	result?: CallControlResult;
	/** What has come of it: nothing where nobody waits. */
	outcome: IDataObject;
}

/**
 * Refusals come at once. What is not refused in this time has begun, in ms: the answer then comes when the outcome is
 * known, and nobody waits for it.
 */
const REFUSED_WITHIN_MS = 1_000;

/** A call whose request got lost must show itself in this time, in ms; otherwise the request has failed. */
const SHOWS_WITHIN_MS = 5_000;

/**
 * Does something to a call and waits for what comes of it, as far as the fields say. It listens before it acts, so that
 * nothing is too quick for it. Once it has been done, the item does not fail any more for want of news.
 *
 * @param run the item
 * @param action what to do
 * @returns 3CX's answer, and what has come of it
 * @throws ThreeCxError when 3CX refuses, when it cannot be listened to (nothing has been done then), and when neither an
 *   answer nor the call itself shows that anything was done
 */
export async function actAndWait(run: ItemRun, action: Action): Promise<Waited> {
	const { context, index, signal } = run;
	const until = context.getNodeParameter('waitUntil', index, 'nothing') as Stage | 'nothing';
	if (until === 'nothing') return { result: await begun(run, action), outcome: {} };
	const limitMs = (context.getNodeParameter('timeLimit', index, 60) as number) * 1_000;
	return await withCallEvents(
		await linkOf(run),
		signal,
		async (onEvent, listening) =>
			await actAndFollow(run, action, { until, limitMs, onEvent, listening }),
	);
}

/**
 * Does it without waiting for what comes of it.
 *
 * @returns 3CX's answer; undefined when it is still to come
 */
export async function begun(
	{ signal }: Pick<ItemRun, 'signal'>,
	{ act, isAwaited = false }: Pick<Action, 'act' | 'isAwaited'>,
): Promise<CallControlResult | undefined> {
	const answer = act();
	if (!isAwaited) return await answer;
	// Its later failure is nobody's.
	answer.catch(() => undefined);
	const stopped = new AbortController();
	const until = signal ? AbortSignal.any([signal, stopped.signal]) : stopped.signal;
	const soon = systemClock.sleep(REFUSED_WITHIN_MS, until).then(() => undefined);
	return await Promise.race([answer, soon]).finally(() => stopped.abort());
}

/** What {@link actAndFollow} waits for, and what it listens to. */
interface WaitFor extends Pick<WaitRules, 'until' | 'limitMs' | 'isEnough'> {
	onEvent: OnEvent;
	listening: Listening;
}

/**
 * As {@link actAndWait}, for whoever listens already, and says for what to wait.
 *
 * @param run the item
 * @param action what to do
 * @param what what ends the waiting, and where events come from
 * @returns 3CX's answer, and what has come of it
 * @throws ThreeCxError as {@link actAndWait}
 */
export async function actAndFollow(
	{ client, signal }: ItemRun,
	{ act, follow, isAwaited = false, name }: Action,
	{ onEvent, listening, until, ...limits }: WaitFor,
): Promise<Waited> {
	const events = new Inbox<CallEvent>();
	onEvent((event) => events.push(event));
	const startedAt = Date.now();
	let result: CallControlResult | undefined;
	const request = act().then((given) => (result = given));
	const answer = isAwaited ? pendingAnswer(request) : undefined;
	const failure = isAwaited ? undefined : await request.then(() => undefined, withoutNews);
	const followed = follow(result);
	const progress = new CallProgress(followed);
	const left = () => Math.max(0, startedAt + limits.limitMs - Date.now());
	const rules = { ...limits, answer, listening, signal };
	const output = (end: WaitEnd) => outputOf(end, until, progress, startedAt);
	const goOn = async (): Promise<IDataObject> => {
		if (failure) {
			const limitMs = Math.min(left(), SHOWS_WITHIN_MS);
			await waitFor(events, progress, { ...rules, until: 'ringing', limitMs });
			if (!progress.isSeen) throw failure;
		}
		const look = statusReader(createCallControl(client), followed);
		const end = await waitFor(events, progress, { ...rules, until, limitMs: left(), look });
		return { ...output(end), ...answerOutput(end, answer) };
	};
	const outcome = await goOn().catch((cause: unknown) => {
		// It was stopped after it had acted: what it has done is what there is to say.
		if (!signal?.aborted) throw cause;
		return { ...output('unknown'), note: `The execution was stopped. ${name} goes on at the PBX.` };
	});
	return { result, outcome };
}

/** @returns the error of a request of which nobody knows whether it arrived; throws every other. */
function withoutNews(error: unknown): ThreeCxError {
	if (error instanceof ThreeCxError && wordOf(error) === 'noNews') return error;
	throw error;
}

/** @returns a function that reads how the own leg is: undefined when it is gone. None where the leg is not known. */
function statusReader(
	control: CallControl,
	{ dn, participant }: Followed,
): ((signal: AbortSignal) => Promise<string | undefined>) | undefined {
	if (participant === undefined) return undefined;
	return async (signal) =>
		await control.participant(dn, participant, signal).then(
			({ status }) => status,
			(error: ThreeCxError) => {
				if (error.kind === 'notFound') return undefined;
				throw error;
			},
		);
}

/** The call did not go where it was to go. */
const FAILED: ReadonlySet<WaitEnd> = new Set<WaitEnd>(['busy', 'returned', 'unavailable']);

/** What the answer adds: that nobody took the call, or that nobody knows; and 3CX's words for it. */
function answerOutput(end: WaitEnd, answer: PendingAnswer | undefined): IDataObject {
	const { code, said } = answer?.error instanceof ThreeCxError ? answer.error : {};
	if (FAILED.has(end)) return { success: false, reason: said || code || null };
	return end === 'unknown' && answer?.word === 'noNews' ? { success: null } : {};
}

function outputOf(
	end: WaitEnd,
	until: Stage,
	progress: CallProgress,
	startedAt: number,
): IDataObject {
	const { reachedAt, own, callid, answeredBy } = progress;
	const { answered, ended } = reachedAt;
	return {
		...(own && { participantId: own.id, legId: own.legid }),
		callId: callid ?? null,
		status: end === 'ended' ? null : statusAt(progress),
		outcome: end,
		reached: end === until || progress.hasReached(until),
		answered: answered !== undefined,
		answeredBy: answeredBy ?? null,
		secondsUntilAnswered: seconds(startedAt, answered),
		secondsTalked: seconds(answered, ended),
	};
}

/** What somebody has taken is connected, whatever was last heard of the own leg; null where the call is over. */
function statusAt({ stage, own }: CallProgress): string | null {
	if (stage === 'ended') return null;
	const isTaken = stage === 'connected' || stage === 'answered';
	return isTaken ? STATUS.connected : (own?.status ?? null);
}

/** Times are our own clock's: 3CX sends none. */
const seconds = (from: number | undefined, to: number | undefined): number | null =>
	from === undefined || to === undefined ? null : Math.max(0, Math.round((to - from) / 100) / 10);
