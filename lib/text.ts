/**
 * The text of whatever came from outside, as `String()` writes it. `String()` throws where JSON brought an object with a
 * `toString` of its own that is no function; here that is an object like any other.
 *
 * @param value anything: a field of a PBX's answer, an expression's result
 * @returns its text, `[object Object]` where an object has none
 */
export function textOf(value: unknown): string {
	try {
		return String(value);
	} catch {
		return '[object Object]';
	}
}

/** Abbreviations as people write them. */
const ABBREVIATIONS = [
	'2FA 3CX AI API BLF CDR CID CPU CRM CSV DATEV DECT DID DN DND DTMF FQDN FTP FXS HTTP HTTPS ID IP IPv4 IPv6',
	'IVR JSON LAN MAC MCU PBX PIN RFC RTP SBC SFTP SIP SLA SMS SQL SRTP SSL SSO STUN TCP TLS UDP URI URL VLAN',
	'VM VPN XAPI XML',
].flatMap((line) => line.split(' '));

/** What 3CX shortens and people do not, by the short form in lower case. */
const IN_FULL: Readonly<Record<string, string>> = {
	addr: 'Address',
	dst: 'Destination',
	msg: 'Message',
	src: 'Source',
	vm: 'Voicemail',
};

/** Words and how they are written, by their lower case; of abbreviations, also many of them (`Blfs`). */
const WRITTEN = new Map([
	...ABBREVIATIONS.map((word) => [`${word.toLowerCase()}s`, `${word}s`] as const),
	...ABBREVIATIONS.map((word) => [word.toLowerCase(), word] as const),
	...Object.entries(IN_FULL),
]);

/** Words that a title writes small, but at its ends. */
const SMALL = new Set(
	'a an and as at by for if in of on or per the to via with without'.split(' '),
);

/** An abbreviation, capitals with their digits, a word, digits, or what else stands together. */
const WORD = new RegExp(
	`(?:${[...ABBREVIATIONS, 'IPV4', 'IPV6'].sort((a, b) => b.length - a.length).join('|')})s?(?![a-z])|[A-Z]+\\d*(?![a-z])|[A-Z]?[a-z]+|\\d+[a-z]?(?![a-z])|\\d+|[^\\w\\s.]+`,
	'g',
);

/**
 * A name of XAPI as words: `RingTimeout` becomes "Ring Timeout", `VMEmailOptions` "Voicemail Email Options", `Enable2FA`
 * "Enable 2FA", `system_owners` "System Owners".
 */
export function titleCase(name: string): string {
	const words = name.match(WORD) ?? [];
	const isAtEnd = (at: number) => at === 0 || at === words.length - 1;
	return words
		.map((word, at) => written(word, isAtEnd(at)))
		.join(' ')
		.replaceAll(' - ', '-');
}

function written(word: string, isAtEnd: boolean): string {
	const small = word.toLowerCase();
	if (!isAtEnd && SMALL.has(small)) return small;
	return WRITTEN.get(small) ?? word.charAt(0).toUpperCase() + word.slice(1);
}
