import type { IExecuteFunctions } from 'n8n-workflow';
import { createPbxClient, type PbxClient, type PbxClientOptions } from '../../lib/http/client';
import { readFields } from '../../lib/http/credentialFields';
import { credentialUsed } from '../../lib/http/credentialUse';
import type { LinkAccess } from '../../lib/callcontrol/link/sharing';
import type { Connection } from '../../lib/http/serverUrl';
import { stampOf } from '../../lib/http/stamps';
import { assertDomainAllowed } from './allowedDomains';
import {
	assertRightForTool,
	CREDENTIAL,
	isSameForAllItems,
	type ThreeCxCredentials,
} from './credential';
import { assertEgressAllowed } from './egress';
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
	const isOne = context.getInputData().length < 2;
	let isRight: Promise<void> | undefined;
	let isSame: Promise<boolean> | undefined;
	let shared: Promise<PbxAccess> | undefined;
	return async (index) => {
		await (isRight ??= assertRightForTool(context));
		if (isOne) return await accessTo(context, index);
		isSame ??= isSameForAllItems(context);
		if (!(await isSame)) return await accessTo(context, index);
		return await (shared ??= accessTo(context, index));
	};
}

async function accessTo(
	context: RequestContext,
	itemIndex: number,
	isForLink = false,
): Promise<PbxAccess & Pick<LinkAccess, 'key' | 'stamp'>> {
	assertN8nSupported();
	const credentials = await context.getCredentials<ThreeCxCredentials>(CREDENTIAL, itemIndex);
	const client = readFields(credentials);
	const { origin, ignoreSslIssues } = client;
	assertDomainAllowed(credentials, origin);
	const lookup = await assertEgressAllowed(context.helpers, origin);
	const connection: Connection = { origin, ignoreSslIssues, ...(lookup && { lookup }) };
	const stamp = stampOf(client);
	if (!isForLink) credentialUsed(stamp);
	const tokens = tokensFor(context, credentials, connection, itemIndex, isForLink);
	return { connection, tokens, stamp, key: `${stamp.secret} ${ignoreSslIssues}` };
}

/**
 * Access to the events of a PBX, over a link that all share who have the same PBX, client, secret and certificate check.
 * Everybody asks for himself, each time: so nobody joins a link whose secret he does not have, or that his own credential's
 * Allowed Domains or the operator's egress filter would have kept him from.
 *
 * @param context the execution or trigger context of a node
 * @param itemIndex the item; 0 where there are no items
 * @returns what `subscribe` in `lib/callcontrol/link/sharing` asks for
 * @throws as {@link connectTo}
 */
export async function linkTo(context: RequestContext, itemIndex = 0): Promise<LinkAccess> {
	const { key, stamp, ...access } = await accessTo(context, itemIndex, true);
	return { key, stamp, client: createPbxClient(access) };
}
