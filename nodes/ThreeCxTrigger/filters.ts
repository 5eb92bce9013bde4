import { fitsPattern } from '../../lib/globs';
import { directionOf, isExternal, type Direction } from '../../lib/callcontrol/calls/legs';
import { normalise } from '../../lib/phone/e164';
import type { CallEvent } from '../../lib/callcontrol/calls/tracker';
import type { TriggerEvent } from './events';

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
	const callers = filters.callers.map(bare);
	const dids = filters.dids.map(bare);
	const isListed = (dn: string | undefined) =>
		extensions.size === 0 || (dn !== undefined && extensions.has(dn));
	const fits = (patterns: string[], number: string) =>
		patterns.length === 0 ||
		formsOf(number, country()).some((form) =>
			patterns.some((pattern) => fitsPattern(form, pattern)),
		);

	const isWantedCall = ({ leg, call }: CallEvent): boolean =>
		isListed(leg.dn) &&
		(dnTypes.size === 0 || dnTypes.has(leg.dnType ?? '')) &&
		(direction === undefined || directionOf(leg.participant, leg.direction) === direction) &&
		(external === undefined || isExternal(leg.participant) === external) &&
		fits(callers, leg.participant.party_caller_id) &&
		fits(dids, call.did ?? '');

	return (event: TriggerEvent): boolean => {
		if (event.kind === 'call') return isWantedCall(event);
		return event.kind === 'link' || isListed(event.dn);
	};
}

/** The longest number, or pattern of one, that is looked at, in characters. */
const MAX_NUMBER = 256;

/** A number as people may write it in a pattern: as it came, in E.164, in its country's notation; `anonymous`. */
function formsOf(number: string, country: string | undefined): string[] {
	const { kind, e164, national } = normalise(number.slice(0, MAX_NUMBER), country);
	const forms = [number, e164, national, kind === 'hidden' ? 'anonymous' : undefined];
	return forms.filter((form) => form !== undefined).map(bare);
}

/** `+49 30*` as `+4930*`: how a number is punctuated does not matter. What is no number any more is cut. */
const bare = (number: string): string => number.slice(0, MAX_NUMBER).replace(/[\s()\-/.]/g, '');
