import type { IDataObject } from 'n8n-workflow';
import { flatLeg } from '../../lib/callcontrol/flat';
import type { CallEvent } from '../../lib/callcontrol/tracker';
import { eventName } from './events';

/** What decides how an event looks. */
export interface OutputOptions {
	/** `call`: times and outcome are those of the whole call; `leg`: of the one phone. */
	granularity: 'call' | 'leg';
	/** ISO 3166 code of the country that local numbers belong to. */
	defaultCountry?: string;
	/** Adds the participant as 3CX sent it. */
	includeRaw: boolean;
}

/**
 * An event as one flat item. Every field is always there, `null` where it is not known.
 *
 * @returns the item's JSON
 */
export function toOutput(event: CallEvent, options: OutputOptions): IDataObject {
	const { leg, call, previous } = event;
	const { participant, dnType, direction } = leg;
	const ofCall = options.granularity === 'call';
	const openedAt = ofCall ? call.openedAt : leg.openedAt;
	const answeredAt = ofCall ? call.answeredAt : leg.connectedAt;
	const endedAt = event.type === 'ended' ? event.at : undefined;
	return {
		event: eventName(event.type) ?? event.type,
		timestamp: iso(event.at),
		recovered: event.recovered,
		...flatLeg(participant, { dnType, direction, defaultCountry: options.defaultCountry }),
		previousStatus: previous?.status ?? null,
		queue: call.queue ?? null,
		answered: ofCall ? call.answered : leg.connected,
		startedAt: iso(openedAt),
		answeredAt: iso(answeredAt),
		endedAt: iso(endedAt),
		durationSeconds: seconds(openedAt, endedAt),
		talkSeconds: seconds(answeredAt, endedAt),
		keys: event.digits ?? null,
		...(options.includeRaw ? { participant: { ...participant } } : {}),
	};
}

const iso = (ms: number | undefined): string | null =>
	ms === undefined ? null : new Date(ms).toISOString();

const seconds = (from: number | undefined, to: number | undefined): number | null =>
	from === undefined || to === undefined ? null : Math.round((to - from) / 100) / 10;
