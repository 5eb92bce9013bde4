import type { IDataObject } from 'n8n-workflow';
import { flatLeg } from '../../lib/callcontrol/calls/flatLeg';
import type { ToldEvent } from '../../lib/callcontrol/calls/teller';
import { readParticipant } from '../../lib/callcontrol/rest/types';
import { callKeyOf } from '../../lib/callKey';
import { normalise } from '../../lib/phone/e164';
import { eventName, type TriggerEvent } from './events';

/** What decides how an event looks. */
export interface OutputOptions {
	/** ISO 3166 code of the country that local numbers belong to. */
	defaultCountry?: string;
	/** Adds the participant as 3CX sent it. */
	includeRaw: boolean;
	/** Host of the PBX. */
	pbx?: string;
}

/** Every field there is, unknown: what an event does not tell stays so, and expressions need not ask. */
export const UNKNOWN: Readonly<Record<string, null>> = Object.fromEntries(
	[
		'event',
		'eventId',
		'pbx',
		'callKey',
		'granularity',
		'timestamp',
		'recovered',
		'source',
		...Object.keys(flatLeg(readParticipant({ id: 0 })!)),
		'fromE164',
		'toE164',
		'previousStatus',
		'queue',
		'queueOutcome',
		'waitedSeconds',
		'takenBy',
		'agents',
		'lastAgent',
		'rang',
		'parkedAt',
		'answered',
		'startedAt',
		'answeredAt',
		'endedAt',
		'durationSeconds',
		'talkSeconds',
		'keys',
		'recordings',
		'outageSeconds',
		'reason',
		'message',
	].map((field) => [field, null]),
);

/**
 * An event as one flat item. Every field is always there, `null` where it is not known.
 *
 * @returns the item's JSON
 */
export function toOutput(event: TriggerEvent, options: OutputOptions): IDataObject {
	return {
		...UNKNOWN,
		event: eventName(event.type),
		eventId: event.id,
		pbx: options.pbx ?? null,
		timestamp: iso(event.at),
		recovered: 'recovered' in event && event.recovered,
		source: 'logged' in event && event.logged ? 'history' : 'live',
		...detailsOf(event, options),
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

function callDetails(event: ToldEvent, options: OutputOptions): IDataObject {
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
