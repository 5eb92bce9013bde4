import { ThreeCxError } from './errors';
import { parseServerUrl } from './serverUrl';
import type { ClientCredentials } from './tokens';

/** The fields of a credential as they were typed, or as an expression gives them. */
export interface TypedFields {
	pbxUrl?: unknown;
	clientId?: unknown;
	clientSecret?: unknown;
	ignoreSSLIssues?: unknown;
}

/** The PBX and API client of a credential. */
export interface PbxClientFields extends ClientCredentials {
	/** See {@link parseServerUrl}. */
	origin: string;
	/** See {@link isSwitchedOn}. */
	ignoreSslIssues: boolean;
}

/**
 * Whether a switch of the credential is on. An expression may give anything for it; only `true` and the text `true` mean
 * that certificates are not checked. What is not understood (`"no"`, `{}`, `1`) leaves the check in place.
 */
const isSwitchedOn = (value: unknown): boolean =>
	value === true || (typeof value === 'string' && value.trim().toLowerCase() === 'true');

/**
 * Reads the fields of a credential. One that is empty is found here: 3CX would take it for a failed login, and block
 * addresses that fail often. Errors name the PBX, or what else there is to tell one row of a table from another.
 *
 * @param fields text, or a number where a table holds a client ID that looks like one
 * @throws ThreeCxError of kind `input` naming the field that is empty or no address
 */
export function readFields({
	pbxUrl,
	clientId,
	clientSecret,
	ignoreSSLIssues,
}: TypedFields): PbxClientFields {
	const client = { clientId: textOf(clientId), clientSecret: textOf(clientSecret) };
	const address = textOf(pbxUrl);
	if (address.trim() === '') {
		const whose = client.clientId.trim() === '' ? '' : ` (client ID ${client.clientId})`;
		throw empty('pbxUrl', 'Server URL', whose);
	}
	const origin = parseServerUrl(address);
	if (client.clientId.trim() === '') throw empty('clientId', 'Client ID', ` for ${origin}`);
	if (client.clientSecret.trim() === '')
		throw empty('clientSecret', 'Client Secret', ` for ${origin}`);
	return { origin, ...client, ignoreSslIssues: isSwitchedOn(ignoreSSLIssues) };
}

const textOf = (value: unknown): string =>
	typeof value === 'string' || typeof value === 'number' ? String(value) : '';

const SOURCES = {
	pbxUrl: 'Enter the address of your 3CX web client, such as https://pbx.example.com:5001.',
	clientId: 'Copy it from Integrations > API in the 3CX Admin Console.',
	clientSecret:
		'It is the API key that 3CX showed once, under Integrations > API in the 3CX Admin Console.',
};

const empty = (field: keyof typeof SOURCES, label: string, whose: string) =>
	new ThreeCxError({
		kind: 'input',
		field,
		message: `The ${label} is empty${whose}`,
		hint: `${SOURCES[field]} If the field uses an expression, check what it returns for this item: its column may be empty or have another name.`,
	});
