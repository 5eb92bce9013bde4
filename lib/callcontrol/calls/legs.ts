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

/** DNs that pick up automatically: a leg that is first seen Connected there has never rung (protocol 2.9, 3.5). */
const NEVER_RINGS = new Set(['Wroutepoint', 'Wqueue', 'Wivr', 'Wparkextension', 'Wspecialmenu']);

/**
 * Who started a leg. `originated_by_dn` names its own DN where the documentation is followed; live captures show it
 * empty on outgoing legs, which are the first of their call (`legid` 1), while calls from outside come from a route
 * point and have higher numbers (protocol 2.3). A phone that rings for a number outside is taken for called all the
 * same: a missed screen pop is worse than one too many.
 *
 * @param leg a participant
 * @param opened its direction as known from an earlier state
 * @returns `outbound` when the leg's own DN started it or dials, else `inbound`
 */
export function directionOf(leg: Participant, opened?: Direction): Direction {
	if (leg.status === STATUS.dialing) return 'outbound';
	if (opened !== undefined) return opened;
	if (leg.originated_by_dn !== '') return leg.originated_by_dn === leg.dn ? 'outbound' : 'inbound';
	const mayRing = leg.status !== STATUS.ringing || !isExternal(leg);
	return leg.legid === 1 && mayRing ? 'outbound' : 'inbound';
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

/** @returns whether a DN of this type is a line to the outside: it carries calls and neither rings nor answers. */
export const isLine = (dnType: string | undefined): boolean => dnType === EXTERNAL_LINE;

/** The DN type of API clients and call flows: a program picks up. */
const PROGRAM = 'Wroutepoint';

/** @returns whether a program, not a person, is at this end. */
export const isProgram = (dnType: string | undefined): boolean => dnType === PROGRAM;

/** The DN type of voicemail and the other services of the PBX. */
const SERVICE = 'Wspecialmenu';

/** @returns whether voicemail, or another service of the PBX, has picked up on the other side: no person will (protocol 2.4). */
export const isAtService = (leg: Participant): boolean =>
	leg.status === STATUS.connected && leg.party_dn_type === SERVICE;

/** The DN type of parking slots. */
const PARKING = 'Wparkextension';

/**
 * @param leg a participant
 * @param dnType type of its own DN, where known
 * @returns the parking slot that the leg is at; undefined when it is at none
 */
export function parkingOf(leg: Participant, dnType: string | undefined): string | undefined {
	if (leg.status !== STATUS.connected) return undefined;
	if (dnType === PARKING) return leg.dn;
	return leg.party_dn_type === PARKING ? leg.party_dn : undefined;
}

/** The DN type of queues. */
const QUEUE = 'Wqueue';

/** @returns whether a DN of this type is a queue. */
export const isQueue = (dnType: string | undefined): boolean => dnType === QUEUE;

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
