import { lookup as nodeLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { RequestHelperFunctions } from 'n8n-workflow';
import { ThreeCxError } from '../../lib/http/errors';
import { errorFromNetwork } from '../../lib/http/networkErrors';

type EgressFilter = ReturnType<RequestHelperFunctions['getSecureEgressFilter']>;

/** The look-up of each filter: n8n makes a new function for each call, and connections are shared by it. */
const lookups = new WeakMap<EgressFilter, LookupFunction>();

/**
 * Asks the filter of the operator (`N8N_SSRF_PROTECTION_ENABLED`) whether n8n may connect to a PBX. n8n's own HTTP helper
 * asks it for each request; ours must not be a way around it.
 *
 * A name may stand for another address when the connection is made than when it was checked. So the connection has to be
 * made with the filter's own look-up, which checks the very address that is connected to.
 *
 * @param helpers of the context
 * @param origin the PBX
 * @returns the look-up for {@link Connection.lookup}; undefined where nothing is filtered
 * @throws ThreeCxError of kind `forbidden` when the address is not allowed; as for every request when the name is not found
 */
export async function assertEgressAllowed(
	helpers: Partial<Pick<RequestHelperFunctions, 'getSecureEgressFilter'>>,
	origin: string,
): Promise<LookupFunction | undefined> {
	const filter = helpers.getSecureEgressFilter?.();
	if (!filter) return undefined;
	const verdict = await filter.validateUrl(origin).catch((cause: unknown) => {
		throw errorFromNetwork(cause, origin);
	});
	if (!verdict.ok) throw notAllowed(origin);
	const known = lookups.get(filter);
	if (known) return known;
	const secure = filter.createSecureLookup();
	if ((secure as unknown) === nodeLookup) return undefined;
	const explained: LookupFunction = (hostname, options, done) =>
		secure(hostname, options, (error, ...found) =>
			done(isBlocked(error) ? notAllowed(hostname) : error, ...found),
		);
	lookups.set(filter, explained);
	return explained;
}

/** n8n names its verdicts; all else is a failed look-up. */
export const isBlocked = (error: unknown): boolean =>
	error instanceof Error && error.name.startsWith('SsrfBlocked');

/** @returns the error for an address that the operator's filter does not let pass */
export const notAllowed = (address: string): ThreeCxError =>
	new ThreeCxError({
		kind: 'forbidden',
		field: 'pbxUrl',
		message: `This n8n may not connect to ${address}`,
		hint: 'The SSRF protection of n8n blocks the address (private networks are blocked by default). Ask the admin of n8n to allow it with N8N_SSRF_ALLOWED_IP_RANGES or N8N_SSRF_ALLOWED_HOSTNAMES.',
	});
