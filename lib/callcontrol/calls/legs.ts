import { STATUS, type Participant } from '../rest/types';

/**
 * What 3CX does not say about a leg but means: direction, inside or outside, person or machine (protocol 2.3, 2.4).
 */

/** How a leg looks from its own DN. */
export type Direction = 'inbound' | 'outbound';

/** The DN type of lines to the outside. */
const EXTERNAL_LINE = 'Wexternalline';

/** Ends of a call where somebody talks: a person, or an app in a person's place. Queues, menus and parking are not. */
const TALKS = new Set(['Wextension', 'Wroutepoint', EXTERNAL_LINE]);

/** DNs that pick up by themselves: a leg that is first seen Connected there has never rung (protocol 2.9, 3.5). */
const NEVER_RINGS = new Set(['Wroutepoint', 'Wqueue', 'Wivr', 'Wparkextension', 'Wspecialmenu']);

/**
 * @param leg a participant
 * @param opened its direction as known from an earlier state; it does not change any more
 * @returns `outbound` when the leg's own DN started it or dials, else `inbound`
 */
export function directionOf(leg: Participant, opened?: Direction): Direction {
	if (opened !== undefined) return opened;
	const ownDoing = leg.originated_by_dn !== '' && leg.originated_by_dn === leg.dn;
	return ownDoing || leg.status === STATUS.dialing ? 'outbound' : 'inbound';
}

/** @returns whether the other side is outside the PBX. */
export const isExternal = (leg: Participant): boolean => leg.party_dn_type === EXTERNAL_LINE;

/** @returns whether a DN of this type picks up without ringing; a type that is not known does ring. */
export const picksUpItself = (dnType: string | undefined): boolean => NEVER_RINGS.has(dnType ?? '');

/**
 * Whether two ends that talk are connected on this leg. A caller who waits in a queue, listens to a menu or speaks to
 * the voicemail is Connected, too, but nobody has answered.
 *
 * @param leg a participant
 * @param dnType type of its own DN, where known
 */
export const isTalking = (leg: Participant, dnType: string | undefined): boolean =>
	leg.status === STATUS.connected &&
	TALKS.has(leg.party_dn_type) &&
	(dnType === undefined || dnType === '' || TALKS.has(dnType));

/** The DN type of queues. */
const QUEUE = 'Wqueue';

/**
 * @param leg a participant
 * @param dnType type of its own DN, where known
 * @returns the queue that the leg has to do with, if it says so: an agent's leg often does not, the queue's own does
 */
export function queueOf(leg: Participant, dnType: string | undefined): string | undefined {
	const places: Array<[string | undefined, string]> = [
		[dnType, leg.dn],
		[leg.on_behalf_of_type, leg.on_behalf_of_dn],
		[leg.referred_by_type, leg.referred_by_dn],
		[leg.originated_by_type, leg.originated_by_dn],
		[leg.party_dn_type, leg.party_dn],
	];
	return places.find(([type]) => type === QUEUE)?.[1];
}
