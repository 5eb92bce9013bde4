import type { IDataObject, INodeProperties } from 'n8n-workflow';
import { Inbox } from '../../../lib/waiting/inbox';
import { CallProgress, type Followed, type Stage } from '../../../lib/callcontrol/calls/progress';
import { createCallControl, type CallControl } from '../../../lib/callcontrol/rest/client';
import type { CallEvent } from '../../../lib/callcontrol/calls/tracker';
import type { CallControlResult } from '../../../lib/callcontrol/rest/types';
import { waitFor, withCallEvents, type WaitEnd } from '../../../lib/callcontrol/calls/wait';
import type { ThreeCxError } from '../../../lib/http/errors';
import type { ItemRun } from '../../shared/router';
import { linkOf } from '../link';

/** Turn an operation that starts something into one that waits for what comes of it. */
export const waitFields: INodeProperties[] = [
	{
		displayName: 'Wait Until',
		name: 'waitUntil',
		type: 'options',
		options: [
			{
				name: 'Answered',
				value: 'answered',
				description: 'Two people, or a person and an app, are connected',
			},
			{
				name: 'Connected',
				value: 'connected',
				description: 'Someone or something picks up, including a queue, a menu or voicemail',
			},
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

/**
 * Does something to a call and waits for what comes of it, as far as the fields say. It listens before it acts, so that
 * nothing is too quick for it.
 *
 * @param run the item
 * @param act does it
 * @param follow tells which call to follow, from what 3CX has answered
 * @returns 3CX's answer, and what has come of it: nothing where nobody waits
 */
export async function actAndWait(
	run: ItemRun,
	act: () => Promise<CallControlResult>,
	follow: (result: CallControlResult) => Followed,
): Promise<{ result: CallControlResult; outcome: IDataObject }> {
	const { context, index, client, signal } = run;
	const until = context.getNodeParameter('waitUntil', index, 'nothing') as Stage | 'nothing';
	if (until === 'nothing') return { result: await act(), outcome: {} };
	const limitMs = (context.getNodeParameter('timeLimit', index, 60) as number) * 1_000;
	return await withCallEvents(await linkOf(run), signal, async (onEvent) => {
		const events = new Inbox<CallEvent>();
		onEvent((event) => events.push(event));
		const startedAt = Date.now();
		const result = await act();
		const followed = follow(result);
		const progress = new CallProgress(followed);
		const look = statusReader(createCallControl(client), followed, signal);
		const end = await waitFor(events, progress, { until, limitMs, look, signal });
		return { result, outcome: outputOf(end, until, progress, startedAt) };
	});
}

/** @returns a function that reads how the own leg is: undefined when it is gone. None where the leg is not known. */
function statusReader(
	control: CallControl,
	{ dn, participant }: Followed,
	signal: AbortSignal | undefined,
): (() => Promise<string | undefined>) | undefined {
	if (participant === undefined) return undefined;
	return async () =>
		await control.participant(dn, participant, signal).then(
			({ status }) => status,
			(error: ThreeCxError) => {
				if (error.kind === 'notFound') return undefined;
				throw error;
			},
		);
}

function outputOf(
	end: WaitEnd,
	until: Stage,
	progress: CallProgress,
	startedAt: number,
): IDataObject {
	const { reachedAt, own, callid, answeredBy, stage } = progress;
	const { answered, ended } = reachedAt;
	return {
		...(own && { participantId: own.id, legId: own.legid }),
		callId: callid ?? null,
		status: end === 'ended' || stage === 'ended' ? null : (own?.status ?? null),
		outcome: end,
		reached: end === until || progress.hasReached(until),
		answered: answered !== undefined,
		answeredBy: answeredBy ?? null,
		secondsUntilAnswered: seconds(startedAt, answered),
		secondsTalked: seconds(answered, ended),
	};
}

/** Times are our own clock's: 3CX sends none. */
const seconds = (from: number | undefined, to: number | undefined): number | null =>
	from === undefined || to === undefined ? null : Math.max(0, Math.round((to - from) / 100) / 10);
