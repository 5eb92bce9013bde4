import type { PbxClientFields } from './credentialFields';
import { ThreeCxError } from './errors';
import { errorFromNetwork } from './networkErrors';
import { processTokens, type TokenTransport } from './tokens';

/** Stands in n8n's store for a token that was never issued; see the credential type. */
export const TOKEN_NOT_ISSUED = 'not issued yet';

/** What {@link verifiedToken} goes by. */
export interface CredentialCheck {
	/** The credential as it is now. */
	client: PbxClientFields;
	/** The token in n8n's store, if it was issued for exactly this PBX, client and secret. */
	stored?: string;
	/** Sends a login. */
	transport: TokenTransport;
	/** Asks the PBX for something with a token; gives the status of the answer. */
	probe(token: string): Promise<number>;
}

/**
 * A token that lives, for client ID and secret as they are now. They are sent to `/connect/token` once in this process,
 * so that a check checks what was typed; not more often, because each login ends the token of the one before it. A token
 * that is there already is tried first, and replaced if the PBX refuses it.
 *
 * @returns the token
 * @throws Error with cause and cure in one message; it carries no code, because n8n would show the code instead
 */
export async function verifiedToken(check: CredentialCheck): Promise<string> {
	const outcome = await verify(check).catch((error: unknown) => error as Error);
	if (!(outcome instanceof Error)) return outcome;
	throw inOneMessage(outcome);
}

/** @returns an error that says all in its message, which is all that n8n shows of it */
export const inOneMessage = (error: unknown): Error =>
	new Error(
		error instanceof ThreeCxError ? `${error.message}. ${error.hint}` : (error as Error).message,
	);

async function verify({ client, stored, transport, probe }: CredentialCheck): Promise<string> {
	const { origin } = client;
	const source = processTokens.source(client, client, { transport });
	if (!source.isProven()) return await source.get();
	const refused: string[] = [];
	for (const token of [stored, source.held()?.value]) {
		if (token === undefined) continue;
		const status = await probe(token).catch((cause: unknown) => {
			throw errorFromNetwork(cause, origin, 'GET /xapi/v1/Defs');
		});
		if (status !== 401) return token;
		refused.push(token);
	}
	return (await source.renew(refused)).value;
}
