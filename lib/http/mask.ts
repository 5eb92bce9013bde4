import { secretValues } from '../xapi/secrets';
import { ThreeCxError } from './errors';

/** Stands in a text where a secret was. */
const MASKED = '[hidden]';

/** Levels of a value that are looked through; what lies deeper is hidden as a whole. */
const MAX_DEPTH = 100;

/** Characters of a text that are looked at and kept. */
const MAX_TEXT = 8_192;

/** Shorter values are no secrets, and hiding them would garble every text that holds a number. */
const SHORTEST = 3;

/** Up to this length, in bytes, a value is hidden only where it stands alone: `1234` is not hidden in `12345`. */
const ALONE = 7;

/** From this length on a value is looked for in its encodings, and in answers that are rows. */
const LONG = 8;

/** More values than this, or more characters of them: texts of the PBX are then hidden as a whole. */
const MAX_VALUES = 1_000;
const MAX_CHARACTERS = 262_144;

/** Tokens of one client that are kept in mind, newest first: 3CX ends each when it gives out the next. */
const MAX_TOKENS = 8;

/** How often escapes are undone: `%2541` is `%41` is `A`. */
const ROUNDS = 3;

/** Patterns of secrets, no matter whose they are: a JWT, what follows `Bearer`, a form field. */
const LOOKS =
	/eyJ[\w-]{10,}(?:\.[\w-]*){0,2}|(?<=\b(?:Bearer|Basic)\s)[\w.~+/-]{8,}=*|(?<=\bclient_secret=)[^&\s"']+/gi;

/**
 * What a client knows that nobody else is to read: its tokens, its client secret, and every value that it has sent under
 * a secret name. A PBX that is broken or taken over may put any of it into any answer.
 */
export class Secrets {
	private readonly tokens = new Set<string>();

	private readonly sent = new Set<string>();

	private characters = 0;

	/** For what a PBX says and for what we say; made when needed, and again when there is more to know. */
	private theirs: Finder | undefined;

	private ours: Finder | undefined;

	/** @param clientSecret what the tokens are got with */
	constructor(private readonly clientSecret = '') {}

	/** A token is about to be sent. */
	addToken(token: string): void {
		if (this.tokens.has(token)) return;
		this.tokens.add(token);
		const [oldest] = this.tokens;
		if (this.tokens.size > MAX_TOKENS) this.tokens.delete(oldest!);
		this.theirs = this.ours = undefined;
	}

	/** A request is about to be sent: what stands under a secret name in its body, path or query is a secret from now on. */
	addRequest(request: { path: string; query?: string; body?: unknown }): void {
		for (const value of secretValues(request)) {
			if (value.length < SHORTEST || this.sent.has(value) || this.isFull) continue;
			this.sent.add(value);
			this.characters += value.length;
			this.theirs = this.ours = undefined;
		}
	}

	private get isFull(): boolean {
		return this.sent.size >= MAX_VALUES || this.characters > MAX_CHARACTERS;
	}

	/**
	 * Hides secrets in a text: also those that are cut, in other case, or encoded (percent, JSON and HTML escapes, base64,
	 * hex). Of a value with 8 characters or more, pieces of 6 to 12 are found, depending on its length.
	 *
	 * @param text what a PBX said
	 * @returns the text with {@link MASKED} in their place
	 */
	mask(text: string): string {
		if (this.isFull) return MASKED;
		this.theirs ??= new Finder([...this.keys(), ...this.sent]);
		return hideLooks(this.theirs.hide(text));
	}

	/** The same for every text in a value that was parsed from JSON, names included; the value itself is changed. */
	maskAll<T>(value: T, depth = MAX_DEPTH): T {
		if (typeof value === 'string') return this.mask(value) as T;
		if (typeof value !== 'object' || value === null) return value;
		if (depth === 0) return MASKED as T;
		const members = value as Record<string, unknown>;
		for (const [name, member] of Object.entries(members)) {
			const shown = Array.isArray(value) ? name : this.mask(name);
			if (shown !== name) delete members[name];
			members[shown] = this.maskAll(member, depth - 1);
		}
		return value;
	}

	/**
	 * @param text an answer as it came
	 * @returns whether a token or the client secret stands in it, as it is. Made for answers of any size: it costs next to
	 *   nothing, and finds no encodings.
	 */
	areIn(text: string): boolean {
		return this.keys().some((key) => key.length >= LONG && text.includes(key));
	}

	/**
	 * Hides secrets in all that an error says, its stack and causes included; but not short ones, because its numbers are
	 * ours: a status is no PIN.
	 *
	 * @param error the error; one that holds none comes back as it is
	 */
	maskError(error: ThreeCxError): ThreeCxError {
		this.ours ??= new Finder([...this.keys(), ...this.sent].filter(({ length }) => length >= LONG));
		const finder = this.ours;
		return error.map((text) => hideLooks(finder.hide(text)));
	}

	private keys(): string[] {
		return [...this.tokens, this.clientSecret].filter((key) => key.length >= SHORTEST);
	}
}

/** Hides what looks like a token or a secret, for texts of which nobody knows whose secrets may be in them. */
const hideLooks = (text: string): string => text.replace(LOOKS, MASKED);

/** Long secrets of which pieces of the same length are looked for. */
interface Pile {
	/** The secrets and their encodings, one behind the other, with {@link BETWEEN} in between. */
	forms: string;
	/** Whether there are blanks in them: most words of a text are shorter than a piece, and need no look otherwise. */
	hasBlanks: boolean;
}

const BETWEEN = '\0';

/** Finds secrets in texts. It is cheap, so each item whose request fails creates a new one. */
class Finder {
	/** Long secrets, by the length of their pieces in bytes. */
	private readonly piles = new Map<number, Pile>();

	/** Short secrets, by their length in bytes. */
	private readonly short = new Map<number, Set<string>>();

	constructor(secrets: readonly string[]) {
		for (const secret of secrets) {
			const plain = Buffer.from(secret, 'utf8');
			if (plain.length <= ALONE) {
				const bucket = this.short.get(plain.length) ?? new Set();
				this.short.set(plain.length, bucket.add(lower(plain)));
				continue;
			}
			this.add(lower(plain), pieceOf(plain.length));
			for (const form of encodings(plain)) this.add(form, Math.max(LONG, pieceOf(form.length)));
		}
	}

	private add(form: string, length: number): void {
		const { forms, hasBlanks } = this.piles.get(length) ?? { forms: '', hasBlanks: false };
		this.piles.set(length, {
			forms: `${forms}${BETWEEN}${form}`,
			hasBlanks: hasBlanks || /\s/.test(form),
		});
	}

	hide(whole: string): string {
		const text = whole.length > MAX_TEXT ? `${whole.slice(0, MAX_TEXT)} ...` : whole;
		const { bytes, starts, ends } = unescaped(text);
		const marks = new Uint8Array(bytes.length);
		for (const [length, pile] of this.piles) markPieces(marks, bytes, length, pile);
		for (const [length, bucket] of this.short) markShort(marks, bytes, length, bucket);

		let shown = '';
		let from = 0;
		for (let at = marks.indexOf(1); at >= 0; ) {
			let end = marks.indexOf(0, at);
			if (end < 0) end = marks.length;
			shown += text.slice(from, starts[at]) + MASKED;
			from = ends[end - 1]!;
			at = marks.indexOf(1, end);
		}
		return shown + text.slice(from);
	}
}

/** How many bytes of a long secret in a row are enough to hide them: 6 of 8, 12 of 17 and of all that is longer. */
const pieceOf = (length: number): number => Math.min(12, Math.max(6, Math.ceil(length * 0.7)));

function markPieces(marks: Uint8Array, bytes: string, length: number, pile: Pile): void {
	// One character is enough for a match, so no search restarts within a match.
	// eslint-disable-next-line regexp/no-super-linear-move
	const stretch = pile.hasBlanks ? /[^\0]+/g : /[^\s\0]+/g;
	for (const { index, 0: found } of bytes.matchAll(stretch)) {
		for (let at = index; at + length <= index + found.length; at++) {
			if (pile.forms.includes(bytes.slice(at, at + length))) marks.fill(1, at, at + length);
		}
	}
}

function markShort(
	marks: Uint8Array,
	bytes: string,
	length: number,
	bucket: ReadonlySet<string>,
): void {
	for (let at = 0; at + length <= bytes.length; at++) {
		if (isWord(bytes[at - 1]) || isWord(bytes[at + length])) continue;
		if (bucket.has(bytes.slice(at, at + length))) marks.fill(1, at, at + length);
	}
}

const isWord = (byte = ''): boolean => /[0-9a-z]/.test(byte);

/** Bytes as a text of characters up to 255, case folded. */
const lower = (bytes: Buffer): string => bytes.toString('latin1').toLowerCase();

/** How a secret looks in hex, and within anything that was put into base64: after 0, 1 or 2 bytes of something else. */
function encodings(secret: Buffer): Set<string> {
	const forms = new Set([secret.toString('hex')]);
	for (const before of [0, 1, 2]) {
		const bytes = Buffer.concat([Buffer.alloc(before), secret]);
		// The characters that hold bits of what stands before and behind are another's.
		const end = Math.floor((bytes.length * 8) / 6);
		const begin = Math.ceil((before * 8) / 6);
		for (const alphabet of ['base64', 'base64url'] as const)
			forms.add(bytes.toString(alphabet).slice(begin, end).toLowerCase());
	}
	return forms;
}

/** A text as UTF-8, without its escapes, case folded; and where each byte stands in the text. */
interface Unescaped {
	bytes: string;
	starts: number[];
	ends: number[];
}

const ESCAPE =
	/%([0-9a-f]{2})|\\u(d[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|[0-9a-f]{4})|\\x([0-9a-f]{2})|\\(["'\\/bfnrt])|&#x([0-9a-f]{1,6});|&#(\d{1,7});|&(amp|lt|gt|quot|apos);/gi;

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const CONTROL: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

function unescaped(text: string): Unescaped {
	let read = plainly(text);
	for (let round = 0; round < ROUNDS && /[%\\&]/.test(read.bytes); round++) {
		const next = withoutEscapes(read);
		if (next.bytes.length === read.bytes.length) break;
		read = next;
	}
	return { ...read, bytes: read.bytes.toLowerCase() };
}

function plainly(text: string): Unescaped {
	const read: Unescaped = { bytes: '', starts: [], ends: [] };
	let at = 0;
	for (const character of text) {
		append(read, utf8(character), at, at + character.length);
		at += character.length;
	}
	return read;
}

function withoutEscapes({ bytes, starts, ends }: Unescaped): Unescaped {
	const read: Unescaped = { bytes: '', starts: [], ends: [] };
	let from = 0;
	const copyTo = (end: number) => {
		read.bytes += bytes.slice(from, end);
		for (let at = from; at < end; at++) {
			read.starts.push(starts[at]!);
			read.ends.push(ends[at]!);
		}
	};
	for (const match of bytes.matchAll(ESCAPE)) {
		const end = match.index + match[0].length;
		copyTo(match.index);
		append(read, meaning(match), starts[match.index]!, ends[end - 1]!);
		from = end;
	}
	copyTo(bytes.length);
	return read;
}

/** @returns what an escape stands for, as UTF-8 */
function meaning([, percent, unicode, hex, single, hexEntity, entity, name]: string[]): string {
	if (percent !== undefined) return String.fromCharCode(parseInt(percent, 16));
	if (unicode !== undefined) {
		// A character beyond 65,535, such as an emoji, takes two of them.
		const units = unicode.split('\\u').map((unit) => parseInt(unit, 16));
		return utf8(String.fromCharCode(...units));
	}
	const code = hex ?? hexEntity;
	if (code !== undefined || entity !== undefined) {
		const point = code === undefined ? Number(entity) : parseInt(code, 16);
		return point > 0x10ffff ? '' : utf8(String.fromCodePoint(point));
	}
	if (single !== undefined) return CONTROL[single.toLowerCase()] ?? single;
	return NAMED[(name ?? '').toLowerCase()] ?? '';
}

const utf8 = (character: string): string =>
	character <= '\x7f' ? character : Buffer.from(character, 'utf8').toString('latin1');

function append(read: Unescaped, bytes: string, start: number, end: number): void {
	read.bytes += bytes;
	for (let count = 0; count < bytes.length; count++) {
		read.starts.push(start);
		read.ends.push(end);
	}
}
