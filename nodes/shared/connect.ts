import { createPbxClient, type PbxClient, type PbxClientOptions } from '../../lib/http/client';
import { ThreeCxError } from '../../lib/http/errors';
import { parseServerUrl, type Connection } from '../../lib/http/serverUrl';
import { CREDENTIAL, type ThreeCxCredentials } from './credential';
import { tokensFor, type RequestContext } from './tokens';

/**
 * A client for the PBX that the credential names for this item. The credential is read per item, because its fields
 * may be expressions (`={{ $json.pbxUrl }}`): one workflow, many PBXs.
 *
 * @param context the execution, trigger or load-options context of a node
 * @param itemIndex the item; 0 where there are no items
 * @param options time-out and retries
 * @returns the client
 * @throws ThreeCxError of kind `input` when a field is empty or the Server URL is no address, `forbidden` when the
 *   operator's egress filter does not let n8n reach it
 */
export async function connectTo(
	context: RequestContext,
	itemIndex = 0,
	options: Pick<PbxClientOptions, 'timeoutMs' | 'retry'> = {},
): Promise<PbxClient> {
	const credentials = await context.getCredentials<ThreeCxCredentials>(CREDENTIAL, itemIndex);
	const connection: Connection = {
		origin: parseServerUrl(String(credentials.pbxUrl ?? '')),
		ignoreSslIssues: credentials.ignoreSSLIssues === true,
	};
	await assertEgressAllowed(context, connection.origin);
	return createPbxClient({
		connection,
		tokens: tokensFor(context, credentials, connection, itemIndex),
		...options,
	});
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
