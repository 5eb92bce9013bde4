/** Stands in the output where a secret was. Sending it back would overwrite the secret, see `findHidden`. */
export const HIDDEN = '[hidden by n8n-nodes-threecx]';

/**
 * Properties that XAPI returns in plain text and that let their reader register a phone, log in, spend money or
 * decrypt a backup, each with what it gives away. 3CX's default projections contain most of them, so a plain
 * "get user" would put SIP passwords into n8n's execution log.
 *
 * By name and not by type and name: rows of functions, expands and older builds carry the same names, and a property
 * that is called Password is one wherever it stands. Names are exact; flags such as `RegenerateOptions.DeskphonePassword`
 * (a boolean) are not touched, because only texts and numbers are hidden.
 *
 * Not covered, because the name says nothing: values in `Parameters`, `DNProperties` and `TenantProperties` rows, and
 * the answers of functions whose very purpose is a secret (`GenerateAppToken`, `GetPhoneSecret`, `GenerateProvLink`):
 * who calls those asks for it.
 */
export const SECRET_PROPERTIES: Readonly<Record<string, string>> = {
	// Extensions, fax extensions, trunks: enough to register in their name and call at their cost.
	AuthID: 'SIP user name; 3CX makes it random, so it is half of the SIP login (User, Fax, Trunk)',
	AuthId: 'SIP user name of the fax server (FaxServerSettings)',
	SeparateAuthId: 'second SIP user name of a trunk',
	SIPID: 'alias under which the extension can be reached and attacked over SIP (User)',
	AuthPassword: 'SIP password (User, Fax, FaxServerSettings, Trunk)',
	AccessPassword: 'web client and app password (User)',
	VMPIN: 'voicemail PIN, also for calling out through the voicemail menu (User)',
	PinNumber: 'conference PIN (ConferenceSettings)',

	// Phones and gateways: the link leads to a file with the SIP password in it.
	DeskphonePassword: 'web interface password of the phone (User)',
	PhoneWebPassword: 'web interface password of the phone (SipDevice)',
	ProvLink: 'provisioning link (SipDevice, FxsProvisioning)',
	ProvisionLink: 'provisioning link (Sbc)',
	ProvisioningLinkExt: 'provisioning link over the internet (Phone)',
	ProvisioningLinkLocal: 'provisioning link in the local network (Phone)',
	Secret: 'provisioning or bridge secret (PhoneSettings, Fxs, OnBoardMcuRow, OnBoardConverterRow)',
	InstallScript: 'set-up command of a media server, with its secret (OnBoardMcuRow)',
	Password: 'login of a gateway, SBC or remote database (Fxs, Sbc, Remote...Config)',

	// Keys and passwords of services that the PBX logs in to.
	APIKey: 'key of the AI provider (AISettings)',
	ManagementAPIKey: 'management key of the AI provider (AISettings)',
	ApiKey: 'key of the trunk provider (CreateTrunk)',
	AccessKey: 'Amazon access key (AmazonCredentials)',
	SecretKey: 'Amazon secret key (AmazonCredentials)',
	ClientSecret: 'Google OAuth client secret (GoogleSettings)',
	GbJson: 'Google service account with its private key (LocationSettings)',
	TranscribeSecretKey: 'key of the transcription service (VoicemailSettings)',
	TranscribeKeyGrok: 'key of the transcription service (VoicemailSettings)',
	MailPassword: 'SMTP password (MailSettings)',
	ExchangePassword: 'Exchange password (ContactsDirSearchSettings)',
	FtpPassword: 'storage password (LocationSettings)',
	NsPassword: 'network share password (LocationSettings)',
	SftpPassword: 'storage password (LocationSettings)',
	SftpPrivateKey: 'SSH private key (LocationSettings)',
	EncryptBackupPassword: 'opens every backup (BackupContents, RestoreSettings)',

	// Identity of the PBX itself.
	PrivateKey: 'TLS private key (SecureSipSettings)',
	SbcPrivateKey: 'TLS private key (Microsoft365TeamsIntegration)',
	ClientPrivateKey: 'TLS private key (RemotePostgreConfig, SyslogCustomRelayConfig)',
	LicenseKey: 'the licence, which can be moved to another PBX (LicenseStatus, SystemStatus)',
	Token: 'refresh token of a logged-in user or app (RefreshToken)',
};

const secretNames: ReadonlySet<string> = new Set(Object.keys(SECRET_PROPERTIES));

export interface RedactOptions {
	/** Names of secret properties to leave readable, spelled as in `SECRET_PROPERTIES`. Default: none. */
	reveal?: readonly string[];
}

/**
 * Replaces the secrets in a value that XAPI returned by `HIDDEN`, at any depth. Null, empty and boolean values stay,
 * so that one still sees whether a password is set. In an object under a secret name (`AuthPassword: {Concealed, Value}`)
 * every text is hidden.
 *
 * Changes the value itself: what came from the PBX belongs to nobody else. A copy of a row as wide as a user's costs up
 * to 0.15 ms and 100 kB in n8n (measured in 2.40.7), in whose heap V8 has given up sharing the layouts of such copies.
 *
 * @returns the same value
 */
export function redactSecrets<T>(value: T, options: RedactOptions = {}): T {
	redact(value, hiddenNames(options), false);
	return value;
}

/**
 * The same for a value of which parts may belong to somebody else: what holds no secret stays as it is, of the rest a
 * copy is given.
 *
 * @returns the value itself when there is nothing to hide in it
 */
export const withoutSecrets = <T>(value: T, options: RedactOptions = {}): T =>
	redacted(value, hiddenNames(options), false) as T;

const hiddenNames = ({ reveal = [] }: RedactOptions): ReadonlySet<string> =>
	reveal.length === 0
		? secretNames
		: new Set([...secretNames].filter((name) => !reveal.includes(name)));

function redacted(value: unknown, hidden: ReadonlySet<string>, inSecret: boolean): unknown {
	if (typeof value !== 'object' || value === null) {
		return inSecret && isReadable(value) ? HIDDEN : value;
	}
	let copy: Record<string, unknown> | undefined;
	for (const [name, member] of Object.entries(value)) {
		const shown = redacted(member, hidden, inSecret || hidden.has(name));
		if (shown === member) continue;
		copy ??= (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<
			string,
			unknown
		>;
		copy[name] = shown;
	}
	return copy ?? value;
}

/** @param inSecret the value stands, at any depth, under a secret name */
function redact(value: unknown, hidden: ReadonlySet<string>, inSecret: boolean): void {
	if (typeof value !== 'object' || value === null) return;
	const members = value as Record<string, unknown>;
	for (const name in members) {
		const member = members[name];
		const isNested = typeof member === 'object' && member !== null;
		const isSecret = inSecret || hidden.has(name);
		// Most members are plain and harmless: they are passed over without a call.
		if (isNested) redact(member, hidden, isSecret);
		else if (isSecret && isReadable(member)) members[name] = HIDDEN;
	}
}

function isReadable(value: unknown): boolean {
	return (typeof value === 'string' && value !== '') || typeof value === 'number';
}

/**
 * Finds the marker in a value that is about to be written. A workflow that reads a user, changes a field and writes
 * all of it back would otherwise make `HIDDEN` the SIP password.
 *
 * @returns path of the first hidden property, such as `Phones[0].ProvisioningLinkExt`; undefined when there is none
 */
export function findHidden(value: unknown, path = ''): string | undefined {
	if (value === HIDDEN) return path;
	if (typeof value !== 'object' || value === null) return undefined;
	for (const [name, member] of Object.entries(value)) {
		const step = Array.isArray(value) ? `[${name}]` : path === '' ? name : `.${name}`;
		const found = findHidden(member, path + step);
		if (found !== undefined) return found;
	}
	return undefined;
}

/** Names that a newer build may use for a secret; for what is sent it is better to hide too much. */
const SECRET_LOOKS =
	/(?:password|passphrase|secret|pin|pinnumber|(?:private|access|api|secret|licen[cs]e)key)$/i;

const secretNamesInLowerCase: ReadonlySet<string> = new Set(
	[...secretNames].map((name) => name.toLowerCase()),
);

const isSecretName = (name: string): boolean =>
	secretNamesInLowerCase.has(name.toLowerCase()) || SECRET_LOOKS.test(name);

/** A text in an OData path or query, quotes doubled: `VMPIN eq '1234'`. */
const LITERAL = /'((?:[^']|'')*)'/g;

/** Levels of a body that are looked through. */
const MAX_DEPTH = 64;

/**
 * The values that a request sends under a secret name, whatever its case: at any depth of the body (of an object under
 * such a name, every text), and the literals of a path or query in which such a name occurs.
 *
 * @returns texts, and numbers as texts; flags are no secrets
 */
export function secretValues(request: { path: string; query?: string; body?: unknown }): string[] {
	const values = inBody(request.body, false, MAX_DEPTH);
	for (const text of [request.path, decoded(request.query ?? '')]) {
		if (!text.includes("'") || !text.split(/\W+/).some(isSecretName)) continue;
		for (const [, literal = ''] of text.matchAll(LITERAL)) {
			const plain = literal.replaceAll("''", "'");
			values.push(plain, decoded(plain));
		}
	}
	return values;
}

function inBody(value: unknown, isSecret: boolean, depth: number): string[] {
	if (typeof value === 'string' || typeof value === 'number')
		return isSecret ? [String(value)] : [];
	if (typeof value !== 'object' || value === null || depth === 0) return [];
	return Object.entries(value).flatMap(([name, member]) =>
		inBody(member, isSecret || isSecretName(name), depth - 1),
	);
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
