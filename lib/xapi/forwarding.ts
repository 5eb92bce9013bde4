import type { Entity } from './entities';

/**
 * Where calls go in one status of a user. XAPI keeps it in `ForwardingProfiles`: a status in which the user takes calls
 * has an `AvailableRoute` with a pair of destinations for each reason, one in which the user does not has an `AwayRoute`
 * with one pair (protocol 4.6).
 */
export const REASONS = {
	busy: { label: 'Busy', route: 'AvailableRoute', prefix: 'Busy' },
	noAnswer: { label: 'No Answer', route: 'AvailableRoute', prefix: 'NoAnswer' },
	notRegistered: { label: 'Not Registered', route: 'AvailableRoute', prefix: 'NotRegistered' },
	always: { label: 'Always', route: 'AwayRoute', prefix: '' },
} as const;

/** A status in which the user takes calls has no *Always* in 3CX: these three together are all of its reasons. */
export const REASONS_WHILE_AVAILABLE = ['busy', 'noAnswer', 'notRegistered'] as const;

/** Why a call is forwarded. */
export type Reason = keyof typeof REASONS;

/** Whose calls, as the ends of XAPI's property names. */
export const CALLERS = {
	internal: ['Internal'],
	external: ['External'],
	all: ['Internal', 'External'],
} as const;

/** One destination of a status. */
export interface ForwardingRoute {
	reason: Reason;
	caller: (typeof CALLERS.all)[number];
	/** `AvailableRoute` or `AwayRoute`, and the property in it. */
	route: 'AvailableRoute' | 'AwayRoute';
	name: string;
	destination: Entity;
}

/** @returns the destinations of a forwarding profile, for the reasons that its status has */
export const forwardingRoutes = (profile: Entity): ForwardingRoute[] =>
	(Object.keys(REASONS) as Reason[]).flatMap((reason) => {
		const { route, prefix } = REASONS[reason];
		const routing = profile[route] as Entity | undefined;
		return CALLERS.all.flatMap((caller) => {
			const name = prefix + caller;
			const destination = routing?.[name] as Entity | undefined;
			return destination ? [{ reason, caller, route, name, destination }] : [];
		});
	});
