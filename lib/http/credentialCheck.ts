import { createHash } from 'node:crypto';
import { readFields } from './credentialFields';
import { ThreeCxError } from './errors';
import { mintToken, type AccessToken } from './tokens';

/** Stands in n8n's store for a token that was never issued; see the credential type. */
export const TOKEN_NOT_ISSUED = 'not issued yet';

/** Marks the credential data with which our nodes let n8n renew the stored token. */
export const RENEWING = 'renewedByNode';

/** The fields of the credential, and the token that n8n has stored for it. */
export interface CredentialFields {
	/** As typed. */
	pbxUrl: string;
	clientId: string;
	clientSecret: string;
	ignoreSslIssues: boolean;
	/** The access token in n8n's store. */
	stored?: string;
}

/** Client IDs and secrets (hashed, with their PBX) that this process has seen the PBX accept, and the token it got. */
const accepted = new Map<string, AccessToken>();

/**
 * Checks client ID and secret against `/connect/token`, once for each pair in this process: a check mints a token,
 * which ends the life of the one before it.
 *
 * @param fields the credential as it is now
 * @returns a fresh token, or undefined when the pair was accepted before and n8n's stored token may be used
 * @throws Error with cause and cure in one message, see {@link inOneMessage}
 */
export async function verifiedToken(fields: CredentialFields): Promise<string | undefined> {
	return await check(fields).catch((error: unknown) => {
		throw inOneMessage(error);
	});
}

/**
 * @param error what checking a credential threw
 * @returns an Error with cause and cure in one message and no code, because n8n would show the code instead
 */
export function inOneMessage(error: unknown): Error {
	const { message } = error as Error;
	return new Error(error instanceof ThreeCxError ? `${message}. ${error.hint}` : message);
}

async function check(fields: CredentialFields): Promise<string | undefined> {
	const { ignoreSslIssues, stored } = fields;
	const { origin, clientId, clientSecret } = readFields(fields);
	const key = createHash('sha256')
		.update(JSON.stringify([origin, clientId, clientSecret]))
		.digest('base64');
	const known = accepted.get(key);
	if (known) return stored === undefined || stored === TOKEN_NOT_ISSUED ? known.value : undefined;
	const token = await mintToken({ origin, ignoreSslIssues }, { clientId, clientSecret });
	accepted.set(key, token);
	return token.value;
}
