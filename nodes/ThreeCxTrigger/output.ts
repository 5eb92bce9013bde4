import type { IDataObject } from 'n8n-workflow';
import { flatLeg } from '../../lib/callcontrol/calls/flatLeg';
import { callKeyOf } from '../../lib/callKey';
import { normalise } from '../../lib/phone/e164';
import { nameOf, type ToldCallEvent, type TriggerEvent } from './events';

/** What decides how an event looks. */
export interface OutputOptions {
	/** ISO 3166 code of the country that local numbers belong to. */
	defaultCountry?: string;
	/** Adds the participant as 3CX sent it. */
	includeRaw: boolean;
	/** Host of the PBX. */
	pbx?: string;
	/** Name of whoever or whatever has a number in the phone system, where it is known. */
	extensionName?: (dn: string) => string | undefined;
}

type Applies = (event: TriggerEvent) => boolean;

const always: Applies = () => true;
const ofCalls: Applies = ({ kind }) => kind === 'call';
const ofPhones: Applies = ({ kind }) => kind === 'call' || kind === 'device';
const where =
	(...types: Array<TriggerEvent['type']>): Applies =>
	({ type }) =>
		types.includes(type);

/** With these the state of a leg may have been another one before. */
const CHANGES = ['answered', 'participantChanged', 'pickedUp', 'queueLeft', 'transferred'] as const;

/**
 * The fields of items in the order of n8n's table, and the events that they apply to: what people look for first, names of
 * things last. What does not apply is left out; what does is always there, `null` where it is not known.
 */
const FIELDS: ReadonlyArray<readonly [Applies, readonly string[]]> = [
	[always, ['event', 'timestamp']],
	[({ kind }) => kind !== 'link', ['extension']],
	[ofPhones, ['extensionName']],
	[ofCalls, ['direction', 'external', 'callerName', 'number', 'numberE164', 'status']],
	[where(...CHANGES), ['previousStatus']],
	[ofCalls, ['answered', 'startedAt', 'answeredAt']],
	[where('ended'), ['endedAt', 'durationSeconds', 'talkSeconds', 'recordings']],
	[ofCalls, ['queue']],
	[where('queueLeft'), ['queueOutcome', 'waitedSeconds', 'takenBy']],
	[where('parked', 'pickedUp', 'participantChanged'), ['parkedAt']],
	[where('keyPressed'), ['keys']],
	[where('connectionRestored'), ['outageSeconds']],
	[where('connectionLost'), ['reason']],
	[where('raw'), ['message']],
	[ofPhones, ['device']],
	[
		ofCalls,
		[
			'extensionType',
			'numberNational',
			'numberCountry',
			'numberKind',
			'did',
			'didE164',
			'fromE164',
			'toE164',
			'otherExtension',
			'otherType',
			'startedBy',
			'referredBy',
			'onBehalfOf',
			'rang',
			'agents',
			'lastAgent',
			'canAnswerByApi',
			'granularity',
			'callKey',
			'callId',
			'legId',
			'participantId',
		],
	],
	[always, ['eventId', 'pbx', 'recovered', 'source']],
];

/** Every field there is, unknown: for items that are to have all of them. */
export const UNKNOWN: Readonly<Record<string, null>> = Object.fromEntries(
	FIELDS.flatMap(([, names]) => names).map((field) => [field, null]),
);

/**
 * An event as one flat item. All items of an event have the same fields, and expressions need not ask whether one of them
 * is there.
 *
 * @returns the item's JSON
 */
export function toOutput(event: TriggerEvent, options: OutputOptions): IDataObject {
	const known: IDataObject = {
		event: nameOf(event),
		eventId: event.id,
		pbx: options.pbx,
		timestamp: iso(event.at),
		recovered: 'recovered' in event && event.recovered,
		source: 'logged' in event && event.logged ? 'history' : 'live',
		...detailsOf(event, options),
	};
	const { extension, participant } = known;
	if (typeof extension === 'string') known.extensionName = options.extensionName?.(extension);
	const fields = FIELDS.flatMap(([applies, names]) => (applies(event) ? names : []));
	return {
		...Object.fromEntries(fields.map((field) => [field, known[field] ?? null])),
		...(participant === undefined ? {} : { participant }),
	};
}

function detailsOf(event: TriggerEvent, options: OutputOptions): IDataObject {
	switch (event.kind) {
		case 'call':
			return callDetails(event, options);
		case 'device':
			return { extension: event.dn, device: event.deviceId };
		case 'link':
			return {
				outageSeconds: seconds(0, event.outageMs),
				reason: event.reason ?? null,
			};
		case 'raw':
			return { extension: event.dn ?? null, message: event.message as IDataObject };
	}
}

function callDetails(event: ToldCallEvent, options: OutputOptions): IDataObject {
	const { leg, call, previous, wait } = event;
	const { participant, dnType, direction } = leg;
	const { defaultCountry } = options;
	// Times and outcome are those of the whole call, or of the one phone.
	const ofCall = event.granularity === 'call';
	const openedAt = ofCall ? call.openedAt : leg.openedAt;
	const answeredAt = ofCall ? call.answeredAt : leg.connectedAt;
	const isEnd = event.type === 'ended';
	// Nobody was there when it ended: neither when nor what happened before is known.
	const endedAt = isEnd && !event.isUnseen ? event.at : undefined;
	const answered = ofCall ? call.answered : leg.connected;
	const flat = flatLeg(participant, { dnType, direction, defaultCountry });
	const didE164 = normalise(call.did ?? '', defaultCountry).e164 ?? null;
	const isOutbound = flat.direction === 'outbound';
	return {
		...flat,
		callKey: callKeyOf(call.id, call.openedAt),
		granularity: event.granularity,
		// One leg of a call may know it where another does not.
		did: call.did ?? null,
		didE164,
		fromE164: isOutbound ? null : flat.numberE164,
		toE164: isOutbound ? flat.numberE164 : didE164,
		previousStatus: previous?.status ?? null,
		queue: wait?.queue ?? call.queue ?? null,
		queueOutcome: wait?.outcome ?? null,
		waitedSeconds: event.type === 'queueLeft' ? seconds(wait?.since, event.at) : null,
		takenBy: wait?.by ?? null,
		agents: [...call.agents],
		lastAgent: call.agents.at(-1) ?? null,
		rang: [...call.rang],
		parkedAt: call.parkedAt ?? null,
		answered: event.isUnseen && !answered ? null : answered,
		startedAt: iso(openedAt),
		answeredAt: iso(answeredAt),
		endedAt: iso(endedAt),
		durationSeconds: seconds(openedAt, endedAt),
		talkSeconds: seconds(answeredAt, endedAt),
		recordings: event.logged?.recordings ?? null,
		keys: event.digits ?? null,
		...(options.includeRaw ? { participant: { ...participant } } : {}),
	};
}

const iso = (ms: number | undefined): string | null =>
	ms === undefined ? null : new Date(ms).toISOString();

const seconds = (from: number | undefined, to: number | undefined): number | null =>
	from === undefined || to === undefined ? null : Math.round((to - from) / 100) / 10;
