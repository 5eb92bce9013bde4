import { directionOf, isExternal, type Direction } from '../../lib/callcontrol/calls/legs';
import { numberMatcher } from '../../lib/phone/pattern';
import type { CallEvent } from '../../lib/callcontrol/calls/tracker';
import type { HappenedEvent } from './events';

/** Which calls a person cares for; what is left out does not matter. */
export interface Filters {
	/** DNs to listen to; empty for all. */
	extensions: ReadonlySet<string>;
	/** Types of these DNs; empty for all. */
	dnTypes: ReadonlySet<string>;
	direction?: Direction;
	/** True: only calls from and to outside; false: only calls between extensions. */
	external?: boolean;
	/** Numbers of the other side; `*` stands for any digits, `?` for one. */
	callers: readonly string[];
	/** Numbers that were dialled from outside, written likewise. */
	dids: readonly string[];
	/** Queues that the call has come through; empty for all calls. */
	queues: ReadonlySet<string>;
}

/** @returns whether an event at a DN is one of the extensions to listen to */
export const isListed =
	({ extensions }: Pick<Filters, 'extensions'>) =>
	(dn: string | undefined): boolean =>
		extensions.size === 0 || (dn !== undefined && extensions.has(dn));

/**
 * @param filters what a person has chosen
 * @param country gives the country of local notation, once it is known
 * @returns whether an event is wanted; those that are about no call are asked for their extension only
 */
export function wanted(filters: Filters, country: () => string | undefined) {
	const { dnTypes, queues, direction, external } = filters;
	const isCaller = lookingFor(filters.callers, country);
	const isDid = lookingFor(filters.dids, country);
	const isTheirs = isListed(filters);

	const isWantedCall = ({ leg, call }: CallEvent): boolean =>
		isTheirs(leg.dn) &&
		(queues.size === 0 || queues.has(call.queue ?? '')) &&
		(dnTypes.size === 0 || dnTypes.has(leg.dnType ?? '')) &&
		(direction === undefined || directionOf(leg.participant, leg.direction) === direction) &&
		(external === undefined || isExternal(leg.participant) === external) &&
		isCaller(leg.participant.party_caller_id) &&
		isDid(call.did ?? '');

	return (event: HappenedEvent): boolean => {
		if (event.kind === 'call') return isWantedCall(event);
		return event.kind === 'link' || isTheirs(event.dn);
	};
}

/** Reads patterns once for the country that is known; before the PBX has told it, there is none. No pattern wants all. */
function lookingFor(patterns: readonly string[], countryNow: () => string | undefined) {
	let read: { country: string | undefined; fits: (number: string) => boolean } | undefined;
	return (number: string): boolean => {
		if (patterns.length === 0) return true;
		const country = countryNow();
		if (read === undefined || read.country !== country)
			read = { country, fits: numberMatcher(patterns, country) };
		return read.fits(number);
	};
}
