import { normalise } from '../../phone/e164';
import { directionOf, isExternal, type Direction } from './legs';
import type { Participant } from '../rest/types';

/** What is known about a leg besides what 3CX sends with it. */
export interface LegContext {
	dnType?: string;
	direction?: Direction;
	/** ISO 3166 code of the country that local numbers belong to. */
	defaultCountry?: string;
}

/**
 * A leg in plain words, one level deep. Every field is always there, `null` where 3CX does not tell it, so that
 * expressions do not have to ask.
 */
export function flatLeg(leg: Participant, { dnType, direction, defaultCountry }: LegContext = {}) {
	const number = normalise(leg.party_caller_id, defaultCountry);
	return {
		callId: leg.callid,
		legId: leg.legid,
		participantId: leg.id,
		extension: leg.dn,
		extensionType: told(dnType ?? ''),
		status: leg.status,
		direction: directionOf(leg, direction),
		external: isExternal(leg),
		callerName: told(leg.party_caller_name),
		number: told(leg.party_caller_id),
		numberE164: number.e164 ?? null,
		numberNational: number.national ?? null,
		numberCountry: number.country ?? null,
		numberKind: number.kind,
		did: told(leg.party_did),
		didE164: normalise(leg.party_did, defaultCountry).e164 ?? null,
		otherExtension: told(leg.party_dn),
		otherType: told(leg.party_dn_type),
		startedBy: told(leg.originated_by_dn),
		referredBy: told(leg.referred_by_dn),
		onBehalfOf: told(leg.on_behalf_of_dn),
		device: told(leg.device_id),
		canAnswerByApi: leg.direct_control,
	};
}

/** 3CX sends `''` and `None` for missing values. */
const told = (value: string): string | null => (value === '' || value === 'None' ? null : value);
