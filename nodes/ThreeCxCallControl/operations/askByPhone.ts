import type { IDataObject, INodeExecutionData, INodeProperties } from 'n8n-workflow';
import type { DigitsEnd } from '../../../lib/audio/digits';
import { withSpool, type Spool } from '../../../lib/audio/spool';
import { wordOf } from '../../../lib/callcontrol/calls/answer';
import { hangUp } from '../../../lib/callcontrol/calls/hangUp';
import { watchLeg, type LegWatch } from '../../../lib/callcontrol/calls/keyWatch';
import { isAtService } from '../../../lib/callcontrol/calls/legs';
import { askQuestion, type Question, type Reply } from '../../../lib/callcontrol/calls/question';
import {
	withCallEvents,
	type Listening,
	type OnEvent,
	type WaitEnd,
} from '../../../lib/callcontrol/calls/wait';
import { recordCaller, speak, whenConnected } from '../../../lib/callcontrol/rest/audio';
import { createCallControl, type Route } from '../../../lib/callcontrol/rest/client';
import { ThreeCxError } from '../../../lib/http/errors';
import { assertGoesOn } from '../../../lib/waiting/cancelled';
import type { Operation } from '../../shared/resource';
import type { ItemRun } from '../../shared/router';
import { extensionOf, ROUTE_POINT, routePointField } from '../extension';
import {
	audioIn,
	audioInputFields,
	audioLeg,
	audioOf,
	outputFieldField,
	recordingItem,
} from '../fields/audio';
import { digitFields, digitRulesOf } from '../fields/digits';
import { checkedKeys } from '../fields/phoneKeys';
import { callDestinationField, routeOf, routeOptions } from '../fields/route';
import { actAndFollow } from '../fields/wait';
import { linkOf } from '../link';

/** What the panel calls the one who is called. */
const TO = 'To Number';

/** One key is the usual answer. */
const MAX_DIGITS = 1;

/** How often the question is asked again, unless the options say otherwise. */
const ASK_AGAIN = 1;

/** What has become of the question. */
type Outcome =
	| Reply
	/** Voicemail, or another service of the PBX, picked up. */
	| 'voicemail'
	/** Nobody picked up: the time ran out, or the call ended before. 3CX does not say then whether the phone was busy. */
	| 'noAnswer'
	/** 3CX refused the call: the phone is busy, or cannot be reached. */
	| 'busy'
	| 'unavailable'
	/** It cannot be known: the connection was lost, or there was no audio. */
	| 'unknown';

/** What is known at the end. */
interface Talk {
	outcome: Outcome;
	digits?: string;
	/** What ended it: for keys as in Collect Digits; `timeout` also where nobody picked up in time. */
	endedBy?: DigitsEnd | 'refused';
	/** In 3CX's words, why it refused. */
	reason?: string;
	/** What went wrong, sentence by sentence. */
	notes?: string[];
}

/** What the panel's options hold, besides those of a route. */
interface Options {
	askAgain?: number;
	closingField?: string;
	validAnswers?: unknown;
}

const { options: ofRoute, ...options } = routeOptions('attachedData', 'freeReason');

const optionsField: INodeProperties = {
	...options,
	options: [
		{
			displayName: 'Ask Again (Times)',
			name: 'askAgain',
			type: 'number',
			typeOptions: { minValue: 0, maxValue: 10 },
			default: ASK_AGAIN,
			description: 'How often the question is played again when no valid answer comes',
		},
		...((ofRoute ?? []) as INodeProperties[]).slice(0, 1),
		{
			displayName: 'Closing Sound',
			name: 'closingField',
			type: 'string',
			default: '',
			placeholder: 'e.g. closing',
			description:
				'The name of the input field containing the binary file to play after the answer, before the call ends',
		},
		...((ofRoute ?? []) as INodeProperties[]).slice(1),
		{
			displayName: 'Valid Answers',
			name: 'validAnswers',
			type: 'string',
			default: '',
			placeholder: 'e.g. 1, 2',
			description:
				'The answers to accept, separated by commas; others count as none. Leave empty for any.',
		},
	],
};

export const askByPhone: Operation = {
	name: 'askByPhone',
	label: 'Ask by Phone',
	action: 'Ask someone by phone',
	description:
		'Call a number from a route point, play a question, get the phone keys pressed as the answer, and hang up',
	properties: [
		routePointField('The route point (API client) that makes the call'),
		callDestinationField('The extension or external number to call', TO),
		...audioInputFields,
		{
			displayName: 'Wait at Most (Seconds)',
			name: 'timeLimit',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: 30,
			description: 'How long the phone rings',
		},
		...digitFields(MAX_DIGITS),
		{
			displayName: 'Record the Call',
			name: 'record',
			type: 'boolean',
			default: false,
			description:
				'Whether to record what the called person says, from picking up to the end, as a WAV file',
		},
		{ ...outputFieldField, displayOptions: { show: { record: [true] } } },
		optionsField,
	],

	async execute(run) {
		const { context, index, signal } = run;
		const extension = extensionOf(run, ROUTE_POINT);
		const route = routeOf(run, TO);
		// Before any phone rings: what cannot be played is asked of nobody.
		const asked = await askedIn(run);
		const limitMs = (context.getNodeParameter('timeLimit', index, 30) as number) * 1_000;
		const isRecorded = context.getNodeParameter('record', index, false) as boolean;
		return await withCallEvents(await linkOf(run), signal, async (onEvent, listening) => {
			const call = { ...asked, run, extension, route, limitMs, onEvent, listening };
			if (!isRecorded) return await ask(call);
			return await withSpool(async (spool) => [await withFile(run, await ask(call, spool), spool)]);
		});
	},
};

/** What is asked, and what is said after the answer. */
interface Asked {
	question: Omit<Question, 'lost'>;
	closing?: Buffer;
}

async function askedIn(run: ItemRun): Promise<Asked> {
	const { askAgain = ASK_AGAIN, closingField, validAnswers } = optionsOf(run);
	const closing = String(closingField ?? '').trim();
	const answers = String(validAnswers ?? '').split(/[\s,;]+/);
	return {
		question: {
			rules: digitRulesOf(run, MAX_DIGITS),
			valid: answers
				.map((keys) => checkedKeys('validAnswers', 'Valid Answers', keys))
				.filter((keys) => keys !== ''),
			askAgain,
			prompt: await audioOf(run),
		},
		...(closing !== '' && { closing: await audioIn(run, closing, 'closingField') }),
	};
}

const optionsOf = ({ context, index }: ItemRun) =>
	context.getNodeParameter('options', index, {}) as Options;

/** A call that is to be made, and what is heard of it. */
interface Call extends Asked {
	run: ItemRun;
	extension: string;
	route: Route;
	/** How long the phone rings, in ms. */
	limitMs: number;
	onEvent: OnEvent;
	listening: Listening;
}

/** How long one try to hang up may take, in ms. */
const HANG_UP_MS = 10_000;

/**
 * Calls, asks and hangs up. Once it has dialled it does not fail any more: it says what is known.
 *
 * @param call whom to call, and what to ask
 * @param spool takes what the called person says
 * @returns the item's JSON
 * @throws ThreeCxError when 3CX refuses the call, or nobody knows whether there is one
 */
async function ask(call: Call, spool?: Spool): Promise<IDataObject> {
	const { run, extension, route, onEvent } = call;
	/** The own leg; 3CX's answer tells its number. */
	const own = { dn: extension, id: NaN };
	const watch = watchLeg(onEvent, own, () => true);
	const { end, refusal, ...known } = await dial(call, own);
	const since = performance.now();
	const talk =
		refusal ??
		(end === 'answered' ? await talked(call, own, watch, spool) : withoutTalk(end, known));
	const talkedMs = performance.now() - since;
	const isGone = end === undefined || end === 'ended' || watch.ended.aborted;
	const failure = isGone || Number.isNaN(own.id) ? undefined : await hungUp(run, own);
	const notes = run.signal?.aborted
		? ['The execution was stopped, and the call was ended.']
		: (talk.notes ?? []);
	if (failure) notes.push(`The call could not be ended: ${failure.message}.`);
	return {
		outcome: talk.outcome,
		digits: talk.digits ?? '',
		endedBy: talk.endedBy ?? null,
		answered: known.answered ?? false,
		answeredBy: known.answeredBy ?? null,
		secondsUntilAnswered: known.secondsUntilAnswered ?? null,
		secondsTalked:
			end === 'answered' ? Math.round(talkedMs / 100) / 10 : (known.secondsTalked ?? null),
		extension,
		destination: route.destination,
		callId: known.callId ?? null,
		participantId: Number.isNaN(own.id) ? null : own.id,
		reason: talk.reason ?? null,
		note: notes.length > 0 ? notes.join(' ') : null,
	};
}

/** What is known of a call that was made, or refused because of the one who was called. */
interface Dialled extends IDataObject {
	/** How the wait for somebody to pick up ended; missing when there was none. */
	end?: WaitEnd;
	refusal?: Talk & IDataObject;
}

/** Makes the call and waits until somebody picks up. */
async function dial(
	{ run, extension, route, limitMs, onEvent, listening }: Call,
	own: { id: number },
): Promise<Dialled> {
	const { client, signal } = run;
	const { destination } = route;
	assertGoesOn(signal);
	const control = createCallControl(client);
	const waited = await actAndFollow(
		run,
		{
			// Not with the signal: a call that is given up while it is being made may be there, and nobody would end it.
			act: async () => await control.makeCall(extension, route),
			follow: (made) => {
				const { id: participant, callid } = made?.participant ?? {};
				own.id = participant ?? NaN;
				return { dn: extension, participant, callid, destination, isTransfer: false };
			},
			name: `The call to ${destination}`,
		},
		{
			until: 'answered',
			limitMs,
			isEnough: ({ own: leg }) => leg !== undefined && isAtService(leg),
			onEvent,
			listening,
		},
	).catch((error: unknown) => refusalOf(error));
	if ('refusal' in waited) return waited;
	const { outcome: end, ...known } = waited.outcome;
	if (Number.isNaN(own.id)) own.id = (known.participantId as number | undefined) ?? NaN;
	return { ...known, end: end as WaitEnd };
}

/** @returns what 3CX's refusal says of the one who was called; throws every other error. */
function refusalOf(error: unknown): { refusal: Talk & IDataObject } {
	const word = wordOf(error);
	if (
		!(error instanceof ThreeCxError) ||
		word === 'refused' ||
		word === 'noNews' ||
		word === 'taken'
	)
		throw error;
	const outcome = word === 'returned' ? 'noAnswer' : word;
	return { refusal: { outcome, endedBy: 'refused', reason: error.said || error.code } };
}

/** What it means that nobody was there to be asked. */
function withoutTalk(end: WaitEnd | undefined, { answered }: IDataObject): Talk {
	switch (end) {
		case 'connected':
			return { outcome: 'voicemail' };
		case 'ended':
			return { outcome: answered === true ? 'hungUp' : 'noAnswer', endedBy: 'callEnded' };
		case 'timeout':
			return { outcome: 'noAnswer', endedBy: 'timeout' };
		default:
			return {
				outcome: 'unknown',
				notes: ['The connection to the PBX was lost: it is not known whether anybody picked up.'],
			};
	}
}

/** Most that is kept of what the called person says, in ms. */
const MAX_RECORDING_MS = 14_400_000;

/** Asks, and records meanwhile. */
async function talked(
	{ run, question, closing, onEvent, listening }: Call,
	own: { dn: string; id: number },
	watch: LegWatch,
	spool?: Spool,
): Promise<Talk> {
	const leg = audioLeg(run, { extension: own.dn, participantId: own.id });
	const notes: string[] = [];
	const failed = (what: string) => (error: Error) => void notes.push(`${what}: ${error.message}.`);
	const over = new AbortController();
	let recording: Promise<unknown> | undefined;
	try {
		await whenConnected(leg);
		recording =
			spool &&
			recordCaller(leg, { maxMs: MAX_RECORDING_MS }, spool.append, over.signal).catch(
				failed('The call could not be recorded'),
			);
		const asked = { ...question, lost: listening.lost };
		const { reply, ...entered } = await askQuestion(leg, onEvent, watch, asked);
		if (reply === 'answered' && closing)
			await speak(leg, closing, watch.ended).catch(failed('The closing sound could not be played'));
		return { outcome: reply, ...entered, notes };
	} catch (error) {
		const isGone = error instanceof ThreeCxError && error.kind === 'notFound';
		if (isGone) return { outcome: 'hungUp', endedBy: 'callEnded', notes };
		failed('The question could not be asked to the end')(error as Error);
		return { outcome: 'unknown', notes };
	} finally {
		over.abort();
		await recording;
	}
}

/** Ends the call, also when the execution was stopped. */
async function hungUp({ client }: ItemRun, own: { dn: string; id: number }) {
	return await hangUp(createCallControl(client, HANG_UP_MS), own);
}

/** What the item says in place of a file. */
const NO_FILE = { fileName: null, mimeType: null, fileSize: null };

/** The item with what was recorded, if anything was. */
async function withFile(
	run: ItemRun,
	json: IDataObject,
	spool: Spool,
): Promise<INodeExecutionData> {
	const nothing = { json: { ...json, ...NO_FILE }, binary: {} };
	if (spool.bytes === 0) return nothing;
	const property = run.context.getNodeParameter('outputField', run.index, '') as string;
	const { callId, extension } = json as { callId: number; extension: string };
	return await recordingItem(run, spool, { callId, extension }, { property }).then(
		({ json: file, ...item }) => ({ ...item, json: { ...json, ...file } }),
		(error: Error) => {
			const note = [json.note, `The recording could not be kept: ${error.message}.`];
			return { ...nothing, json: { ...nothing.json, note: note.filter(Boolean).join(' ') } };
		},
	);
}
