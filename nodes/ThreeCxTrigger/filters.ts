import { fitsPattern } from '../../lib/globs';
import { directionOf, isExternal, type Direction } from '../../lib/callcontrol/calls/legs';
import { formsOf, patternsOf } from '../../lib/phone/pattern';
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
}

/**
 * @param filters what a person has chosen
 * @param country gives the country of local notation, once it is known
 * @returns whether an event is wanted; those that are about no call are asked for their extension only
 */
export function wanted(filters: Filters, country: () => string | undefined) {
	const { extensions, dnTypes, direction, external } = filters;
	const callers = readingsOf(filters.callers);
	const dids = readingsOf(filters.dids);
	const isListed = (dn: string | undefined) =>
		extensions.size === 0 || (dn !== undefined && extensions.has(dn));
	const fits = (patterns: ReturnType<typeof readingsOf>, number: string) => {
		const local = country();
		const wantedForms = patterns(local);
		return (
			wantedForms.length === 0 ||
			formsOf(number, local).some((form) =>
				wantedForms.some((pattern) => fitsPattern(form, pattern)),
			)
		);
	};

	const isWantedCall = ({ leg, call }: CallEvent): boolean =>
		isListed(leg.dn) &&
		(dnTypes.size === 0 || dnTypes.has(leg.dnType ?? '')) &&
		(direction === undefined || directionOf(leg.participant, leg.direction) === direction) &&
		(external === undefined || isExternal(leg.participant) === external) &&
		fits(callers, leg.participant.party_caller_id) &&
		fits(dids, call.did ?? '');

	return (event: HappenedEvent): boolean => {
		if (event.kind === 'call') return isWantedCall(event);
		return event.kind === 'link' || isListed(event.dn);
	};
}

/** Reads patterns once for the country that is known; before the PBX has told it, there is none. */
function readingsOf(patterns: readonly string[]) {
	let read: { country: string | undefined; readings: string[] } | undefined;
	return (country: string | undefined): string[] => {
		if (read === undefined || read.country !== country) {
			read = { country, readings: patterns.flatMap((pattern) => patternsOf(pattern, country)) };
		}
		return read.readings;
	};
}
