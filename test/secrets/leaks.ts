import { inspect } from 'node:util';

/** What a PBX may do to a secret before it says it. */
export const DISGUISES: Record<string, (secret: string) => string> = {
	'as it is': (secret) => secret,
	'in capitals': (secret) => secret.toUpperCase(),
	'in small letters': (secret) => secret.toLowerCase(),
	'cut behind': (secret) => secret.slice(0, Math.ceil(secret.length * 0.75)),
	'cut in front': (secret) => secret.slice(Math.floor(secret.length * 0.25)),
	'percent-encoded': (secret) => encodeURIComponent(secret),
	'percent-encoded, every byte': (secret) =>
		[...Buffer.from(secret)].map((byte) => `%${byte.toString(16)}`).join(''),
	'percent-encoded twice': (secret) => encodeURIComponent(encodeURIComponent(`${secret}%`)),
	'as JSON': (secret) => JSON.stringify(secret),
	'as JSON in JSON': (secret) => JSON.stringify(JSON.stringify({ said: secret })),
	'escaped for JSON': (secret) =>
		[...secret].map((each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
	'escaped for HTML': (secret) => [...secret].map((each) => `&#${each.charCodeAt(0)};`).join(''),
	'in base64': (secret) => Buffer.from(secret).toString('base64'),
	'as Basic': (secret) => Buffer.from(`n8n:${secret}`).toString('base64'),
	'as Basic with another name': (secret) => Buffer.from(`n8n1:${secret}`).toString('base64'),
	'as Basic with a longer name': (secret) => Buffer.from(`n8n12:${secret}`).toString('base64'),
	'in the payload of a JWT': (secret) =>
		Buffer.from(JSON.stringify({ iss: 'pbx', said: secret })).toString('base64url'),
	'in hex': (secret) => Buffer.from(secret).toString('hex'),
};

/** A piece of a long secret that is too long to be there by chance, in characters. */
const PIECE = 12;

/**
 * Looks for secrets in what was put out, by other means than the code that hides them.
 *
 * @param shown anything: text, or a value or error with all that hangs on it
 * @param secrets what must not stand there, in any disguise, nor a piece of it
 * @returns the secrets, disguised, that do
 */
export function leaksIn(shown: unknown, secrets: readonly string[]): string[] {
	const text = everything(shown).toLowerCase();
	return secrets.flatMap((secret) =>
		Object.entries(DISGUISES)
			.filter(([, disguise]) => hasPieceOf(text, secret, (each) => disguise(each).toLowerCase()))
			.map(([name]) => `${secret}, ${name}`),
	);
}

/** Whether a piece of a disguised secret stands in a text; what every secret looks like in it does not count. */
function hasPieceOf(text: string, secret: string, disguise: (secret: string) => string): boolean {
	const looks = disguise(secret);
	const length = Math.ceil(PIECE * Math.max(1, looks.length / secret.length));
	if (looks.length <= length) return text.includes(looks);
	const others = disguise('~'.repeat(secret.length));
	for (let at = 0; at + length <= looks.length; at++) {
		const piece = looks.slice(at, at + length);
		if (text.includes(piece) && !others.includes(piece)) return true;
	}
	return false;
}

/** All that a value says when somebody looks at it: as text, as JSON, and what is not enumerable. */
export function everything(shown: unknown): string {
	if (typeof shown === 'string') return shown;
	const stacks = shown instanceof Error ? (shown.stack ?? '') : '';
	return [
		stacks,
		json(shown),
		inspect(shown, { depth: 20, showHidden: true, maxStringLength: null }),
	]
		.join('\n')
		.replaceAll("' +\n", '');
}

function json(value: unknown): string {
	const seen = new WeakSet();
	return (
		JSON.stringify(value, (_, member: unknown) => {
			if (typeof member === 'bigint') return String(member);
			if (typeof member !== 'object' || member === null) return member;
			if (seen.has(member)) return undefined;
			seen.add(member);
			return member;
		}) ?? ''
	);
}
