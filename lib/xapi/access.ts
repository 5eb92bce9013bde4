import type { PbxClient, PbxRequest, PbxResponse } from '../http/client';
import { ThreeCxError, type ErrorKind } from '../http/errors';
import { tokenClaims, tokenPayload } from '../http/tokens';
import { XAPI } from './entities';
import { requestFor } from './invoke';

/** Roles of 3CX, strongest first (protocol 1.6). */
const ROLES = [
	'system_owners',
	'system_admins',
	'group_owners',
	'managers',
	'group_admins',
	'receptionists',
	'users',
] as const;

/** What an API client is allowed to do. Missing rights are part of the result, not errors. */
export interface ApiAccess {
	/** Whether the Configuration API answers. */
	xapi: boolean;
	/** Why not, and what to do. */
	xapiReason?: string;
	/** Whether the Call Control API answers. */
	callControl: boolean;
	callControlReason?: string;
	/** Numbers whose calls the client may see and control. */
	monitored?: string[];
	/** Whether users and other settings can be read: System Admin or Owner, and some department roles. */
	users: boolean;
	usersReason?: string;
	/** Whether call history, recordings and reports can be read: only System Owner (protocol 1.6). */
	callHistory: boolean;
	callHistoryReason?: string;
	/** Strongest role that the token names, such as `system_owners`; undefined when it names none. */
	role?: string;
	/** Whether the licence is Enterprise, which both APIs need. */
	enterprise?: boolean;
	/** Product code of the licence, such as `3CXPSENT`. */
	licence?: string;
	/** Calls that the licence allows at the same time. */
	simultaneousCalls?: number;
	/** Such as `20.0.10.1000`, from the `X-3CX-Version` header. */
	version?: string;
	clientId?: string;
	/** When the access token ends, ISO 8601 with Z; it is renewed automatically. */
	tokenExpiresAt?: string;
}

/** Responses about missing rights, not about an unreachable or failing PBX. */
const REFUSALS: ReadonlySet<ErrorKind> = new Set(['forbidden', 'notFound', 'unauthorized']);

interface Probe {
	ok: boolean;
	reason?: string;
	answer?: PbxResponse<unknown>;
}

async function probe(client: PbxClient, request: PbxRequest): Promise<Probe> {
	return await client.request(request).then(
		(answer) => ({ ok: true, answer }),
		(error: unknown) => {
			if (!(error instanceof ThreeCxError) || !REFUSALS.has(error.kind)) throw error;
			return { ok: false, reason: `${error.message}. ${error.hint}` };
		},
	);
}

/**
 * Finds out what the API client behind a connection may do, with five cheap GETs, so that a workflow can do less where
 * it may less.
 *
 * @param client the PBX
 * @returns what works, and why the rest does not
 * @throws ThreeCxError when the PBX cannot be reached, fails, or refuses client ID and secret
 */
export async function checkAccess(client: PbxClient, signal?: AbortSignal): Promise<ApiAccess> {
	const get = async (path: string, query?: string) =>
		await probe(client, { method: 'GET', path, query, signal });
	// First alone: it renews a token that has ended, which five at once would not need to do each.
	const xapi = await get(`${XAPI}/Defs`, '$select=Id');
	const [callControl, users, history, licence] = await Promise.all([
		get('/callcontrol'),
		get(`${XAPI}/Users`, '$select=Id&$top=1'),
		get(`${XAPI}/Recordings`, '$select=Id&$top=1'),
		probe(client, { ...requestFor('GetLicenseParameters'), signal }),
	]);
	return {
		xapi: xapi.ok,
		xapiReason: xapi.reason,
		callControl: callControl.ok,
		callControlReason: callControl.reason,
		monitored: numbersIn(callControl.answer?.body),
		users: users.ok,
		usersReason: users.reason,
		callHistory: history.ok,
		callHistoryReason: history.reason,
		...licenceIn(licence.answer?.body),
		version: [xapi.answer?.headers['x-3cx-version']].flat()[0],
		...identity(await client.tokens.get(signal)),
	};
}

const numbersIn = (body: unknown): string[] | undefined =>
	Array.isArray(body) ? body.map(({ dn }: { dn: string }) => dn) : undefined;

function licenceIn(body: unknown): Pick<ApiAccess, 'enterprise' | 'licence' | 'simultaneousCalls'> {
	const { IsEnterprise, ProductCode, MaxSimCalls } = (body ?? {}) as {
		IsEnterprise?: boolean;
		ProductCode?: string;
		MaxSimCalls?: number;
	};
	return { enterprise: IsEnterprise, licence: ProductCode, simultaneousCalls: MaxSimCalls };
}

/** What the token says about itself; its `role` claim lists the role among other words (protocol 1.3 [1]). */
function identity(token: string): Pick<ApiAccess, 'role' | 'clientId' | 'tokenExpiresAt'> {
	const { sub, exp } = tokenClaims(token) ?? {};
	const named = [tokenPayload(token)?.role].flat();
	return {
		role: ROLES.find((candidate) => named.includes(candidate)),
		clientId: sub,
		tokenExpiresAt: exp === undefined ? undefined : new Date(exp * 1000).toISOString(),
	};
}
