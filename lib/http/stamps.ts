import { createHash } from 'node:crypto';
import type { PbxClientFields } from './credentialFields';

/** Hashes that say whose a token or a link is, without saying what its secret is. */
export interface Stamp {
	/** Of PBX and client ID. */
	tenant: string;
	/** Of PBX, client ID and secret: what was got with an older secret is not used any more. */
	secret: string;
	/** Of client ID and secret without the PBX, which may have several names. */
	client: string;
}

const fingerprint = (...parts: string[]) =>
	createHash('sha256').update(JSON.stringify(parts)).digest('base64url');

/** @returns what stands for the PBX, client and secret of a credential */
export function stampOf({
	origin,
	clientId,
	clientSecret,
}: Omit<PbxClientFields, 'ignoreSslIssues'>): Stamp {
	const tenant = fingerprint(origin, clientId);
	return {
		tenant,
		secret: fingerprint(tenant, clientSecret),
		client: fingerprint(clientId, clientSecret),
	};
}
