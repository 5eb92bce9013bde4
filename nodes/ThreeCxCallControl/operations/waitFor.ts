import type { IDataObject } from 'n8n-workflow';
import type { CallEvent } from '../../../lib/callcontrol/calls/tracker';
import { WatchedCall, type Happening } from '../../../lib/callcontrol/calls/watchedCall';
import { waitForCall, withCallEvents } from '../../../lib/callcontrol/calls/wait';
import { ThreeCxError } from '../../../lib/http/errors';
import { Inbox } from '../../../lib/waiting/inbox';
import { defaultCountryOf } from '../../shared/fields/country';
import type { Operation } from '../../shared/resource';
import type { ItemRun } from '../../shared/router';
import { toOutput, UNKNOWN } from '../../ThreeCxTrigger/output';
import { callField, callIdOf } from '../fields/call';
import { keyMatcher, stopKeysField } from '../fields/phoneKeys';
import { ANSWERED, CONNECTED } from '../fields/wait';
import { linkOf } from '../link';

/** What can be waited for, by name. */
const HAPPENINGS: Array<{ name: string; value: Happening; description: string }> = [
	ANSWERED,
	CONNECTED,
	{ name: 'Ended', value: 'ended', description: 'The call is over' },
	{
		name: 'Key Pressed',
		value: 'keyPressed',
		description: 'The other party presses a key, only in calls to the API client itself',
	},
	{
		name: 'Left the Queue',
		value: 'leftQueue',
		description:
			'The caller does not wait in a queue any more; the API client must be allowed to see the queue',
	},
	{ name: 'Parked', value: 'parked', description: 'The call is in a parking slot' },
	{
		name: 'Picked Up From Parking',
		value: 'pickedUp',
		description: 'The call is in no parking slot any more, and someone talks',
	},
	{ name: 'Ringing', value: 'ringing', description: 'A phone rings' },
	{
		name: 'Transferred',
		value: 'transferred',
		description: 'Someone picks up the call after a transfer',
	},
];

export const waitFor: Operation = {
	name: 'waitFor',
	label: 'Wait For',
	action: 'Wait for something to happen in a call',
	description:
		'Wait until a call is answered, transferred, over ... without a second trigger; what is so already ends the wait at once',
	properties: [
		callField,
		{
			displayName: 'Wait Until',
			name: 'happenings',
			type: 'multiOptions',
			required: true,
			options: HAPPENINGS,
			default: ['ended'],
			description:
				'What has to happen before the workflow continues; with several, the first of them. The end of the call always ends the wait: see "outcome" in the output.',
		},
		{
			...stopKeysField,
			displayName: 'Keys',
			name: 'keys',
			description:
				'The phone keys to wait for: one or more of 0 to 9, * and #. Leave empty for any key.',
			displayOptions: { show: { happenings: ['keyPressed'] } },
		},
		{
			displayName: 'Wait at Most (Seconds)',
			name: 'timeLimit',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: 60,
			description: 'After this time the workflow continues with the outcome "timeout"',
		},
	],

	async execute(run) {
		const { context, index, signal } = run;
		const callid = callIdOf(run);
		const happenings = new Set(happeningsOf(run));
		const isKey = keyMatcher(context.getNodeParameter('keys', index, ''), 'keys', 'Keys');
		const limitMs = (context.getNodeParameter('timeLimit', index, 60) as number) * 1_000;
		const country = defaultCountryOf(run);
		const startedAt = performance.now();
		return await withCallEvents(await linkOf(run), signal, async (onEvent, listening) => {
			const events = new Inbox<CallEvent>();
			onEvent((event) => events.push(event), true);
			const call = new WatchedCall({ callid, happenings, isKey, known: knownLeg(run) });
			const end = await waitForCall(events, call, { limitMs, listening, signal });
			const { what, event } = typeof end === 'string' ? { what: end, event: call.last } : end;
			const isOver = what === 'ended' || what === 'alreadyOver';
			return {
				outcome: what,
				reached: happenings.has(isOver ? 'ended' : (what as Happening)),
				secondsWaited: Math.round((performance.now() - startedAt) / 100) / 10,
				...fieldsOf(event, callid, await country),
			};
		});
	},
};

function happeningsOf({ context, index }: ItemRun): Happening[] {
	const chosen = context.getNodeParameter('happenings', index, []) as Happening[];
	if (chosen.length > 0) return chosen;
	throw new ThreeCxError({
		kind: 'input',
		field: 'happenings',
		message: 'The field "Wait Until" is empty',
		hint: 'Choose at least one thing to wait for.',
	});
}

/** The leg that the input item speaks of, where it is the 3CX Trigger's or another node's of ours. */
function knownLeg({ context, index }: ItemRun): { dn: string; id: number } | undefined {
	const { extension, participantId } = context.getInputData()[index]!.json;
	return typeof extension === 'string' && typeof participantId === 'number'
		? { dn: extension, id: participantId }
		: undefined;
}

/** What the trigger says of its own events only. */
const OF_TRIGGER = [
	'event',
	'eventId',
	'extensionName',
	'granularity',
	'message',
	'outageSeconds',
	'pbx',
	'reason',
	'recordings',
	'source',
];

/** @returns the fields of the trigger for what has happened, or for the call as it was last. */
function fieldsOf(
	event: CallEvent | undefined,
	callid: number,
	defaultCountry: string | undefined,
): IDataObject {
	const fields = event
		? toOutput({ ...event, granularity: 'call' }, { defaultCountry, includeRaw: false })
		: { callId: callid };
	return Object.fromEntries(
		Object.entries({ ...UNKNOWN, ...fields }).filter(([name]) => !OF_TRIGGER.includes(name)),
	);
}
