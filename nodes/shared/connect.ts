import type { IExecuteFunctions } from 'n8n-workflow';
import { createPbxClient, type PbxClient, type PbxClientOptions } from '../../lib/http/client';
import { readFields } from '../../lib/http/credentialFields';
import { ThreeCxError } from '../../lib/http/errors';
import type { Connection } from '../../lib/http/serverUrl';
import { assertDomainAllowed } from './allowedDomains';
import { CREDENTIAL, isSameForAllItems, type ThreeCxCredentials } from './credential';
import { assertN8nSupported } from './n8nVersion';
import { tokensFor, type RequestContext } from './tokens';

/** A PBX, and where requests to it get their token. */
export type PbxAccess = Pick<PbxClientOptions, 'connection' | 'tokens'>;

/** What a client may be told besides. */
type ClientOptions = Pick<PbxClientOptions, 'timeoutMs' | 'maxBytes' | 'retry' | 'inFlight'>;

/**
 * A client for the PBX that the credential names for this item. The credential is read per item, because its fields
 * may be expressions (`={{ $json.pbxUrl }}`): one workflow, many PBXs.
 *
 * @param context the execution, trigger or load-options context of a node
 * @param itemIndex the item; 0 where there are no items
 * @param options time-out, retries and requests in flight
 * @returns the client
 * @throws ThreeCxError of kind `input` when n8n is too old, a field is empty or the Server URL is no address, `forbidden` when the
 *   credential's allowed domains or the operator's egress filter do not let n8n reach it
 */
export async function connectTo(
	context: RequestContext,
	itemIndex = 0,
	options: ClientOptions = {},
): Promise<PbxClient> {
	return createPbxClient({ ...(await accessTo(context, itemIndex)), ...options });
}

/**
 * Access to the PBX of each item of an execution. Reading a credential takes n8n about 1 ms; where none of its fields
 * can differ from item to item, all items share one access.
 *
 * @param context the execution context
 * @returns a function from item index to access; it throws as {@link connectTo}
 */
export function accessPerItem(context: IExecuteFunctions): (index: number) => Promise<PbxAccess> {
	if (context.getInputData().length < 2) return async (index) => await accessTo(context, index);
	let isSame: Promise<boolean> | undefined;
	let shared: Promise<PbxAccess> | undefined;
	return async (index) => {
		isSame ??= isSameForAllItems(context);
		if (!(await isSame)) return await accessTo(context, index);
		return await (shared ??= accessTo(context, index));
	};
}

async function accessTo(context: RequestContext, itemIndex: number): Promise<PbxAccess> {
	assertN8nSupported();
	const credentials = await context.getCredentials<ThreeCxCredentials>(CREDENTIAL, itemIndex);
	const { origin } = readFields(credentials);
	const connection: Connection = { origin, ignoreSslIssues: credentials.ignoreSSLIssues === true };
	assertDomainAllowed(credentials, origin);
	await assertEgressAllowed(context, origin);
	return { connection, tokens: tokensFor(context, credentials, connection, itemIndex) };
}

/**
 * What a link to the events of a PBX may be shared by: address, client ID and certificate check.
 *
 * @param context the execution or trigger context of a node
 * @param itemIndex the item; 0 where there are no items
 * @returns the key for `subscribe` in `lib/callcontrol/link/sharing`
 */
export async function linkKey(context: RequestContext, itemIndex = 0): Promise<string> {
	const credentials = await context.getCredentials<ThreeCxCredentials>(CREDENTIAL, itemIndex);
	const { origin, clientId } = readFields(credentials);
	return JSON.stringify([origin, clientId, credentials.ignoreSSLIssues === true]);
}

/** n8n's own HTTP helper asks this filter for each request (N8N_SSRF_PROTECTION_ENABLED); ours must not be a way around it. */
async function assertEgressAllowed(context: RequestContext, origin: string): Promise<void> {
	const verdict = await context.helpers.getSecureEgressFilter?.().validateUrl(origin);
	if (verdict === undefined || verdict.ok) return;
	throw new ThreeCxError({
		kind: 'forbidden',
		field: 'pbxUrl',
		message: `This n8n may not connect to ${origin}`,
		hint: 'The SSRF protection of n8n blocks the address (private networks are blocked by default). Ask the operator of n8n to allow it with N8N_SSRF_ALLOWED_IP_RANGES or N8N_SSRF_ALLOWED_HOSTNAMES.',
	});
}
