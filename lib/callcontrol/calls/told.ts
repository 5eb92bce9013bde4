import { numberKey } from '../../history/missed';
import { STATUS, readParticipant, type Participant } from '../rest/types';
import type { Direction } from './legs';

/**
 * What has been told of the calls that go on, so that the next process can tell the rest: small, plain JSON, for a store
 * that outlives this one. It is not a queue: what waits to be told is found again by comparing this with the PBX.
 *
 * It also names calls. A PBX that restarts numbers its calls from the start, so a number alone names no call; but the
 * same number is not used twice without a restart in between. So a call is named by its number and by the era in which
 * it was seen: a new era begins when a number comes that this one has had. Whoever has read the same state gives the same
 * names, and a name is never given twice.
 */

/** A call, or in it one extension's stay, as far as it has been told. */
export interface ToldCall {
	/** The PBX's number of the call. */
	callid: number;
	/** Of its number, see {@link Told}. */
	era: number;
	/** Which stay it is; `''` for the whole call. */
	stay: string;
	/** What has been told, or need not be, by step. */
	steps: Set<string>;
	/** What this process has handed on to be told; not kept. */
	given: Set<string>;
	/** In ms since the epoch. */
	openedAt?: number;
	answeredAt?: number;
	answered: boolean;
	queue?: string;
	did?: string;
	/** Queues' legs in which the caller waits, by `legKey`. */
	waits: Set<string>;
	/** Extensions that have rung, in order, and those of them that rang for a queue; of each the latest few are kept. */
	rang: readonly string[];
	agents: readonly string[];
	/** Numbers of the other side, one or more after transfers; at most {@link MAX_NUMBERS}. */
	numbers: string[];
	/** The leg that stands for it. */
	leg: ToldLeg;
}

/** As much of a leg as an end needs that is told without it. */
export interface ToldLeg {
	dn: string;
	dnType?: string;
	direction: Direction;
	connected: boolean;
	participant: Participant;
}

/** The state as JSON. */
export interface ToldJson {
	v: 1;
	/** The PBX: its origin. */
	pbx: string;
	/** When the eras began to be counted, in ms since the epoch, to the base of 36. */
	since: string;
	era: number;
	/** The highest number of this era, and which of the numbers up to it have been used: one bit each, hexadecimal. */
	top: number;
	used: string;
	/** When it was written, in ms since the epoch. */
	at: number;
	/** A line a call, oldest first. */
	calls: string[];
	/** Calls whose end was told a moment ago, a line each, oldest first: the call log shows them, too. */
	ended?: string[];
	/** Calls that ended up to then are not all in `ended`, in ms since the epoch; see {@link Told.forgottenUntil}. */
	forgottenUntil?: number;
	/** Since when it is not known what happened, in ms since the epoch; until the call log has been read. */
	gap?: number;
}

/** A call whose end has been told, as far as it takes to recognise it in the call log. */
export interface EndedCall {
	callid: number;
	/** The number is the call log's. */
	isLogged?: boolean;
	openedAt?: number;
	endedAt?: number;
	numbers: string[];
	dns: string[];
}

/** Most numbers, and most DNs, by which a call is recognised. */
export const MAX_NUMBERS = 4;

/** Most bytes that the state takes as JSON. */
export const MAX_TOLD_BYTES = 60_000;

/** Most calls, and stays in them, that are kept; beyond it the oldest are forgotten. */
export const MAX_TOLD_CALLS = 2_000;

/** Most calls that are recognised after their end, and for how long, in ms: as late as the call log may show them. */
export const MAX_ENDED = 2_000;
const ENDED_MS = 600_000;

/** A link that is dead is noticed so late, in ms at most: what ended before was told in time. */
export const NOTICED_AFTER_MS = 60_000;

/**
 * How long before the state was written calls ended that the next process is to recognise, in ms: it looks back that
 * far, and clocks differ. So many of them are kept in any case, more where there is room.
 */
const ENDED_KEPT_MS = NOTICED_AFTER_MS + 10_000;
export const MIN_ENDED_KEPT = 500;

/** Most steps that are kept of a call: transfers and parking can go on for ever. */
const MAX_STEPS = 60;

/** So many of the latest numbers are known one by one; older ones count as used. */
const WINDOW = 1_024;

export class Told {
	/** By {@link nameOf} and stay, oldest first. */
	private readonly calls = new Map<string, ToldCall>();

	private used = new Set<number>();

	private ended: EndedCall[] = [];

	private forgotten = 0;

	/**
	 * Calls of the log that this process has handed on, and whether their end waits to be told; not kept, so that the
	 * next one tells them.
	 */
	private readonly handedOn = new Map<EndedCall, boolean>();

	/**
	 * Calls as they were written last, by level; writing is done with every hand-over, and most calls have not changed.
	 * Without it a trigger that has fallen behind, and so has many calls, would fall behind further.
	 */
	private readonly lines = new WeakMap<object, Line[]>();

	/** Somebody has begun with it in this process: from then on it is what this process knows, whatever it was before. */
	hasBegun = false;

	/** Changes whenever there is something else to write. */
	version = 0;

	/** Since when it is not known what happened, in ms since the epoch; undefined when nothing is missing. */
	gap: number | undefined;

	private constructor(
		readonly pbx: string,
		/** Where the state comes from: nothing had been told before, it is this PBX's, or that of another address. */
		readonly origin: 'new' | 'same' | 'other',
		private readonly since: string,
		private era: number,
		private top: number,
		/** When the state was written that this one goes on from, in ms since the epoch. */
		readonly at: number | undefined,
	) {}

	/** @param now in ms since the epoch */
	static begin(pbx: string, now: number): Told {
		return new Told(pbx, 'new', now.toString(36), 0, 0, undefined);
	}

	/**
	 * @param json what {@link write} gave, or anything else
	 * @param pbx the PBX that is listened to now; whatever it is, the names go on, so that none is given twice
	 * @returns the state, and how many of its lines could not be read; undefined when there is none that can be used
	 */
	static read(json: unknown, pbx: string): { told: Told; unreadable: number } | undefined {
		const { v, since, era, top, used, at, calls, ...rest } = (json ?? {}) as Partial<ToldJson>;
		const isUsable =
			v === 1 &&
			typeof since === 'string' &&
			/^[0-9a-z]{1,11}$/.test(since) &&
			isCount(era) &&
			isCount(top) &&
			typeof used === 'string' &&
			/^[0-9a-f]*$/.test(used) &&
			used.length <= WINDOW / 4;
		if (!isUsable) return undefined;
		const origin = rest.pbx === pbx ? 'same' : 'other';
		const told = new Told(pbx, origin, since, era, top, isCount(at) ? at : undefined);
		told.used = numbersIn(used, top);
		const lines = Array.isArray(calls) ? calls.slice(-MAX_TOLD_CALLS) : [];
		const read = lines.map(readLine).filter((call) => call !== undefined);
		for (const call of read) told.calls.set(placeOf(call), call);
		told.ended = (Array.isArray(rest.ended) ? rest.ended : [])
			.slice(-MAX_ENDED)
			.map(readEnded)
			.filter((call) => call !== undefined);
		told.forgotten = isCount(rest.forgottenUntil) ? rest.forgottenUntil : 0;
		told.gap = isCount(rest.gap) ? rest.gap : undefined;
		return { told, unreadable: lines.length - read.length };
	}

	/** @returns all calls, and stays in them, whose end has not been told. */
	open(): ToldCall[] {
		return [...this.calls.values()];
	}

	/**
	 * Keeps a call of the log in mind, in this process only.
	 *
	 * @param isWaiting whether its end is about to be told: until then it is missing, see {@link write}
	 */
	handOn(call: EndedCall, isWaiting: boolean): void {
		this.handedOn.set(call, isWaiting);
		if (this.handedOn.size <= MAX_ENDED) return;
		const [oldest] = this.handedOn.keys();
		this.handedOn.delete(oldest!);
		this.forgetEnded([oldest!]);
	}

	/** Keeps a call in mind whose end has been told. */
	noteEnded(call: EndedCall): void {
		this.version += 1;
		this.handedOn.delete(call);
		// By their ends, so that the oldest are those that are left out.
		const { endedAt = 0 } = call;
		const place = this.ended.findLastIndex((each) => (each.endedAt ?? 0) <= endedAt) + 1;
		this.ended.splice(place, 0, call);
		this.forgetEnded(this.ended.splice(0, this.ended.length - MAX_ENDED));
	}

	/** @returns the calls whose end need not be told: it was told lately, or waits to be. */
	known(now: number): EndedCall[] {
		return [...this.lately(now), ...this.handedOn.keys()];
	}

	/** @returns the calls whose end was told lately; while a gap is filled in, before it, too. */
	lately(now: number): EndedCall[] {
		const since = Math.min(now, this.missingSince ?? now) - ENDED_MS;
		const isLate = ({ endedAt = now }: EndedCall) => endedAt > since;
		this.forgetEnded(this.ended.filter((call) => !isLate(call)));
		return (this.ended = this.ended.filter(isLate));
	}

	/** Since when something is missing for the next process: what this one has found is not told yet. */
	private get missingSince(): number | undefined {
		const waiting = [...this.handedOn].flatMap(([{ endedAt }, isWaiting]) =>
			isWaiting && endedAt !== undefined ? [endedAt] : [],
		);
		const since = waiting.reduce((first, at) => Math.min(first, at), this.gap ?? Infinity);
		return since === Infinity ? undefined : since;
	}

	/**
	 * Until when calls ended that may have been told and are not known any more, in ms since the epoch. Whoever finds a
	 * call of that time in the call log cannot know whether it was told.
	 */
	get forgottenUntil(): number {
		return this.forgotten;
	}

	private forgetEnded(calls: readonly EndedCall[]): void {
		this.forgotten = latestOf(calls, this.forgotten);
	}

	/** @returns a name for a call that no other call has, whatever the PBX numbers it. */
	nameOf({ callid, era }: Pick<ToldCall, 'callid' | 'era'>): string {
		return `${callid}@${this.since}${era === 0 ? '' : `.${era}`}`;
	}

	/** @returns the era for a call that is new; a new one when its number has been used in this one. */
	eraFor(callid: number): number {
		const isUsed = callid <= this.top && (callid <= this.top - WINDOW || this.used.has(callid));
		if (isUsed) {
			this.era += 1;
			this.top = 0;
			this.used.clear();
		}
		this.version += 1;
		this.top = Math.max(this.top, callid);
		this.used.add(callid);
		if (this.used.size > 2 * WINDOW)
			this.used = new Set([...this.used].filter((each) => each > this.top - WINDOW));
		return this.era;
	}

	find(callid: number, era: number, stay: string): ToldCall | undefined {
		return this.calls.get(placeOf({ callid, era, stay }));
	}

	add(call: ToldCall): void {
		this.version += 1;
		this.calls.set(placeOf(call), call);
		if (this.calls.size <= MAX_TOLD_CALLS) return;
		const [oldest] = this.calls.keys();
		this.calls.delete(oldest!);
	}

	/** Says that a call is not what it was. */
	touch(call: ToldCall): void {
		this.version += 1;
		this.lines.delete(call);
	}

	forget(call: ToldCall): void {
		this.version += 1;
		this.calls.delete(placeOf(call));
	}

	private lineOf(call: ToldCall, level: Level): Line {
		return this.kept(call, level, () => writeLine(call, level));
	}

	private kept(call: object, level: Level, write: () => string): Line {
		const lines = this.lines.get(call) ?? [];
		this.lines.set(call, lines);
		return (lines[level] ??= toLine(write()));
	}

	/**
	 * @param now in ms since the epoch
	 * @returns the state as JSON, never more than {@link MAX_TOLD_BYTES}: where there are too many calls for that, first
	 *   without names, then without all that is not needed to recognise them, last without the oldest
	 */
	write(now: number): ToldJson {
		const { pbx, since, era, top } = this;
		const lately = this.lately(now);
		const gap = this.missingSince;
		const keptSince = Math.min(now, gap ?? now) - ENDED_KEPT_MS;
		const recent = lately.filter(({ endedAt = now }) => endedAt > keptSince);
		const lines = recent.map((call) => this.kept(call, 0, () => writeEnded(call)));
		const calls = this.callLines(MAX_LINES_BYTES - sizeOf(lines.slice(-MIN_ENDED_KEPT)));
		const ended = latestThatFit(lines, MAX_LINES_BYTES - sizeOf(calls));
		const kept = new Set(recent.slice(recent.length - ended.length));
		const others = lately.filter((call) => !kept.has(call));
		const forgottenUntil = latestOf(others, this.forgotten);
		return {
			v: 1,
			pbx,
			since,
			era,
			top,
			used: bitsOf(this.used, top),
			at: now,
			...(ended.length > 0 ? { ended: ended.map(textOf) } : {}),
			...(forgottenUntil > 0 ? { forgottenUntil } : {}),
			...(gap === undefined ? {} : { gap }),
			calls: calls.map(textOf),
		};
	}

	/** As many calls as fit, with as much of each as fits. */
	private callLines(most: number): Line[] {
		const calls = this.open();
		for (const level of LEVELS) {
			const lines = calls.map((call) => this.lineOf(call, level));
			if (sizeOf(lines) <= most) return lines;
		}
		return latestThatFit(
			calls.map((call) => this.lineOf(call, 2)),
			most,
		);
	}
}

/** All but the head. */
const MAX_LINES_BYTES = MAX_TOLD_BYTES - 1_500;

/** How much of a call is written: all, no names, only what it takes to recognise it. */
type Level = 0 | 1 | 2;
const LEVELS: readonly Level[] = [0, 1, 2];

/** A line, and its size as JSON in bytes: it holds nothing that JSON has to escape. */
interface Line {
	text: string;
	bytes: number;
}

const toLine = (text: string): Line => ({ text, bytes: Buffer.byteLength(text) + 3 });

const textOf = ({ text }: Line): string => text;

/** Of a list, in bytes. */
const sizeOf = (lines: readonly Line[]): number => lines.reduce((sum, { bytes }) => sum + bytes, 2);

/** The last of the lines, as many as take so many bytes at most. */
function latestThatFit(lines: readonly Line[], most: number): Line[] {
	let bytes = 2;
	let first = lines.length;
	while (first > 0 && (bytes += lines[first - 1]!.bytes) <= most) first -= 1;
	return lines.slice(first);
}

const latestOf = (calls: readonly EndedCall[], than: number): number =>
	calls.reduce((latest, { endedAt = 0 }) => Math.max(latest, endedAt), than);

const placeOf = ({ callid, era, stay }: Pick<ToldCall, 'callid' | 'era' | 'stay'>): string =>
	`${callid}.${era}.${stay}`;

const isCount = (value: unknown): value is number =>
	typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

/** Which of the latest numbers have been used, as bits: the first is for `top`, the next for the one below. */
function bitsOf(used: ReadonlySet<number>, top: number): string {
	const digits = new Uint8Array(WINDOW / 4);
	for (const id of used) {
		const below = top - id;
		if (below < WINDOW) digits[below >> 2]! |= 1 << (below & 3);
	}
	return Array.from(digits, (digit) => digit.toString(16))
		.join('')
		.replace(/(?<!0)0+$/, '');
}

const numbersIn = (bits: string, top: number): Set<number> =>
	new Set(
		[...bits].flatMap((digit, at) =>
			[0, 1, 2, 3]
				.filter((bit) => parseInt(digit, 16) & (1 << bit))
				.map((bit) => top - at * 4 - bit),
		),
	);

/** What separates the fields of a line. */
const BAR = '|';

/** Words that are long and common, in short. */
const SHORT: Readonly<Record<string, string>> = {
	Wextension: '!e',
	Wexternalline: '!x',
	Wqueue: '!q',
	Wroutepoint: '!r',
	Wivr: '!i',
	Wringgroup: '!g',
	Wparkextension: '!p',
	Wspecialmenu: '!s',
	[STATUS.connected]: '!C',
	[STATUS.ringing]: '!R',
	[STATUS.dialing]: '!D',
	None: '!n',
	ringing: '!1',
	dialing: '!2',
	answered: '!3',
	'answered by person': '!4',
	'answered by program': '!5',
};
const LONG = new Map(Object.entries(SHORT).map(([long, short]) => [short, long]));

/** A text as a field: at most 60 characters, and nothing in it that JSON or a line would have to escape. */
const field = (text: string): string =>
	SHORT[text] ??
	text
		.slice(0, 60)
		.replace(/\p{Cs}/gu, '')
		.replace(/[|%"\\!,\p{C}]/gu, (char) => (char === '!' ? '%21' : encodeURIComponent(char)));

function unfield(text: string): string {
	const long = LONG.get(text);
	if (long !== undefined) return long;
	try {
		return decodeURIComponent(text);
	} catch {
		return '';
	}
}

const time = (ms: number | undefined): string => (ms === undefined ? '' : ms.toString(36));

const untime = (text: string): number | undefined => {
	if (!/^[0-9a-z]{1,9}$/.test(text)) return undefined;
	return parseInt(text, 36);
};

/** One call as a line. */
function writeLine(call: ToldCall, level: Level): string {
	const { leg, steps } = call;
	const { participant } = leg;
	const flags =
		(call.answered ? 1 : 0) + (leg.connected ? 2 : 0) + (leg.direction === 'outbound' ? 4 : 0);
	const more = (text: string | undefined) => (level < 2 ? field(text ?? '') : '');
	return [
		call.callid,
		call.era,
		field(call.stay),
		[...steps].slice(-MAX_STEPS).map(field).join(','),
		time(call.openedAt),
		time(call.answeredAt),
		flags,
		field(leg.dn),
		participant.id,
		participant.legid,
		field(participant.status),
		field(participant.party_caller_id),
		level < 1 ? field(participant.party_caller_name) : '',
		more(leg.dnType),
		more(participant.party_dn),
		more(participant.party_dn_type),
		more(participant.originated_by_dn),
		more(participant.referred_by_dn),
		more(call.did),
		more(call.queue),
		list(call.numbers.filter((number) => number !== participant.party_caller_id)),
		level < 1 ? list(latest(call.rang)) : '',
		level < 1 ? list(latest(call.agents)) : '',
		list(latest([...call.waits])),
	].join(BAR);
}

const FIELDS = 24;

/** Lines of versions that did not keep who has rung. */
const OLDER_FIELDS = 21;

/** Longer lines are none of ours, in characters. */
const MAX_LINE = 8_000;

function readLine(line: unknown): ToldCall | undefined {
	if (typeof line !== 'string' || line.length > MAX_LINE) return undefined;
	const parts = line.split(BAR);
	if (parts.length !== FIELDS && parts.length !== OLDER_FIELDS) return undefined;
	const [callid, era, flags, id, legid] = [0, 1, 6, 8, 9].map((at) => Number(parts[at] || NaN));
	const [
		stay,
		dn,
		status,
		number,
		name,
		dnType,
		partyDn,
		partyType,
		starter,
		referrer,
		did,
		queue,
	] = [2, 7, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19].map((at) => unfield(parts[at]!));
	if (!isCount(callid) || !isCount(era) || !isCount(flags) || dn === '') return undefined;
	const participant = readParticipant({
		id,
		callid,
		legid,
		dn,
		status,
		party_caller_id: number,
		party_caller_name: name,
		party_dn: partyDn,
		party_dn_type: partyType,
		originated_by_dn: starter,
		referred_by_dn: referrer,
		party_did: did,
	});
	if (!participant) return undefined;
	return {
		callid,
		era,
		stay: stay!,
		steps: new Set(parts[3]!.split(',').filter(Boolean).slice(-MAX_STEPS).map(unfield)),
		given: new Set(),
		openedAt: untime(parts[4]!),
		answeredAt: untime(parts[5]!),
		answered: (flags & 1) !== 0,
		...(queue === '' ? {} : { queue }),
		...(did === '' ? {} : { did }),
		rang: unlist(parts[21] ?? ''),
		agents: unlist(parts[22] ?? ''),
		waits: new Set(unlist(parts[23] ?? '')),
		numbers: [number!, ...unlist(parts[20]!)].filter((each) => each !== ''),
		leg: {
			dn: dn!,
			...(dnType === '' ? {} : { dnType }),
			direction: (flags & 4) !== 0 ? 'outbound' : 'inbound',
			connected: (flags & 2) !== 0,
			participant,
		},
	};
}

const list = (texts: readonly string[]): string => texts.slice(0, MAX_NUMBERS).map(field).join(',');

const unlist = (text: string): string[] =>
	text
		.split(',')
		.slice(0, MAX_NUMBERS)
		.map(unfield)
		.filter((each) => each !== '');

const latest = (dns: readonly string[]): readonly string[] => dns.slice(-MAX_NUMBERS);

/** Before numbers that are the call log's. */
const LOGGED = 'L';

/** Between two times: how long it took, in seconds, which is shorter than a time. */
const SPAN = '+';

const spanned = (from: number | undefined, to: number | undefined): string =>
	from === undefined || to === undefined || to < from
		? time(to)
		: `${SPAN}${Math.round((to - from) / 1000).toString(36)}`;

function unspan(from: number | undefined, text: string): number | undefined {
	const value = untime(text.replace(SPAN, ''));
	if (!text.startsWith(SPAN) || value === undefined) return value;
	return from === undefined ? undefined : from + value * 1000;
}

/** A line for each of many calls: so it is short, and has no more of a number than it takes to recognise it. */
const writeEnded = ({ callid, isLogged, openedAt, endedAt, numbers, dns }: EndedCall): string =>
	[
		`${isLogged ? LOGGED : ''}${callid}`,
		time(openedAt),
		spanned(openedAt, endedAt),
		list(numbers.map(numberKey)),
		list(dns),
	].join(BAR);

function readEnded(line: unknown): EndedCall | undefined {
	if (typeof line !== 'string' || line.length > MAX_LINE) return undefined;
	const [callid, openedAt, endedAt, numbers, dns, ...rest] = line.split(BAR);
	if (dns === undefined || rest.length > 0 || !/^L?\d{1,15}$/.test(callid!)) return undefined;
	return {
		callid: Number(callid!.replace(LOGGED, '')),
		...(callid!.startsWith(LOGGED) ? { isLogged: true } : {}),
		openedAt: untime(openedAt!),
		endedAt: unspan(untime(openedAt!), endedAt!),
		numbers: unlist(numbers!),
		dns: unlist(dns),
	};
}
