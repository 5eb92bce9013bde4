import { titleCase } from '../text';
import type { Entity } from './entities';

/** What XAPI takes as a destination of calls; always whole, because a PATCH merges it with the one before (protocol 4.5). */
export interface Destination extends Record<string, unknown> {
	/** A `DestinationType`. */
	To: string;
	/** Number of the DN; empty for an external number and the end of the call. */
	Number: string;
	/** The number to dial outside; empty otherwise. */
	External: string;
	/** `PeerType` of the DN; `None` where there is none. */
	Type: string;
}

/** @returns a destination in words: "Voice Mail 100", "External +447700900123", "End Call" */
export const described = ({ To = 'None', Number: number, External }: Entity): string =>
	To === 'None'
		? 'End Call'
		: [titleCase(String(To)), number || External].filter(Boolean).join(' ');
