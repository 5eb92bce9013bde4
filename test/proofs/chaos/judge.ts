import type { JournalEntry } from '../../../sandbox/pbx/callcontrol';

/** What a client said about a leg. */
export interface Delivered {
	type: 'ringing' | 'dialing' | 'answered' | 'transferred' | 'ended' | 'keyPressed';
	callid: number;
	dn: string;
	participant: number;
	/** Found out later, by reading the state. */
	recovered: boolean;
}

/** A span of time, in ms since the epoch. */
export interface Span {
	from: number;
	to: number;
}

/** When a client could not know what happened on the PBX, whoever it is. */
export interface Blindness {
	/** No message came through: from the moment the link broke until the state had been read over the next one. */
	link: readonly Span[];
	/** The state of one leg could not be read, by `dn/participant`: the answers were errors that we had put there. */
	legs: ReadonlyMap<string, readonly Span[]>;
}

/** How a delivery compares with the journal. */
export interface Verdict {
	/** Milestones of legs in the journal. */
	events_happened: number;
	/** Of these, those that a client could know of: all but the unknowable ones that were not delivered. */
	events_expected: number;
	/** Those that were delivered. */
	delivered: number;
	/** Neither delivered nor excused. */
	lost: number;
	/** Delivered more often than it happened, or without having happened at all. */
	duplicated: number;
	/** Delivered after something of the same call that it happened before. */
	out_of_order: number;
	/** Delivered, and found out by reading the state. */
	recovered: number;
	/** Not delivered, and nobody could have known: the link was down. */
	unknowable_link_down: number;
	/** Not delivered, and nobody could have known: it was over before its state could be read. */
	unknowable_too_short: number;
	/** The first few that were lost or wrong, in words. */
	examples: string[];
}

/**
 * How long a state has to last, in sight, for a client to be held to have seen it, in ms. 3CX sends no state with its
 * messages, only where to read it (protocol 3.2): what is over before a prompt read can be answered has been there for
 * nobody. The proxy holds back the message for up to 400 ms and the answer for up to 400 more; people let a phone ring
 * for longer than this.
 */
export const SHORT_MS = 1_000;

/** Keys are told in the message itself; only what was on its way when the link broke is excused, in ms. */
const UNDER_WAY_MS = 250;

const MILESTONES = {
	ringing: 'ringing',
	dialing: 'dialing',
	answered: 'answered',
	transferred: 'transferred',
	ended: 'ended',
	key: 'keyPressed',
} as const satisfies Partial<Record<JournalEntry['kind'], Delivered['type']>>;

/** Order of the steps in a leg's life; the rest may come at any time in between. */
const STEP: Partial<Record<Delivered['type'], number>> = {
	ringing: 0,
	dialing: 0,
	answered: 1,
	ended: 2,
};

interface Milestone {
	name: string;
	type: Delivered['type'];
	leg: string;
	callid: number;
	at: number;
	/** The time during which its state could be read. */
	state: Span;
	count: number;
	needsMs: number;
}

const legOf = ({ dn, participant }: { dn: string; participant: number }) => `${dn}/${participant}`;
const nameOf = (type: Delivered['type'], leg: string) => `${type} ${leg}`;

/**
 * Compares what was delivered with what happened.
 *
 * A milestone that is missing is excused only if nobody could have known of it. Its state has a span in the journal: a
 * phone that rang could be read until its leg was gone, an answer from then until the leg was gone. Out of that span
 * the blind times are cut; when no piece of {@link SHORT_MS} is left, no client could have read it. The excused are
 * counted by what excuses them, so that nobody has to take the `lost` for more than it says.
 *
 * @param journal every state change of every leg, in order
 * @param delivered what the client said, in order
 * @param blindness when it could not know
 */
export function judge(
	journalOfLegs: readonly JournalEntry[],
	deliveredOfLegs: readonly Delivered[],
	blindnessOfLegs: Blindness,
): Verdict {
	const { journal, delivered, blindness } = asExtensions(
		journalOfLegs,
		deliveredOfLegs,
		blindnessOfLegs,
	);
	const milestones = milestonesOf(journal);
	const counts = new Map<string, number>();
	for (const { type, ...leg } of delivered) {
		const name = nameOf(type, legOf(leg));
		counts.set(name, (counts.get(name) ?? 0) + 1);
	}
	const verdict: Verdict = {
		events_happened: 0,
		events_expected: 0,
		delivered: 0,
		lost: 0,
		duplicated: 0,
		out_of_order: 0,
		recovered: delivered.filter(({ recovered }) => recovered).length,
		unknowable_link_down: 0,
		unknowable_too_short: 0,
		examples: [],
	};
	const example = (text: string) => {
		if (verdict.examples.length < 20) verdict.examples.push(text);
	};
	/**
	 * A transferred call that was answered at once, or in blind time: whether it rang there, or was handed over in a talk,
	 * cannot be seen.
	 */
	const isGiven = ({ type, leg }: Milestone) => {
		const rang = milestones.get(nameOf('ringing', leg));
		const answered = milestones.get(nameOf('answered', leg));
		if (!rang || !answered) return false;
		const ringing = { from: rang.at, to: answered.at };
		return (
			longestSight(ringing, blindOf(leg, blindness)) < SHORT_MS &&
			(type === 'ringing' || type === 'answered') &&
			counts.has(nameOf('transferred', leg))
		);
	};
	for (const milestone of milestones.values()) {
		const { name, callid, count, state } = milestone;
		const told = counts.get(name) ?? 0;
		verdict.events_happened += count;
		verdict.delivered += Math.min(told, count);
		if (told >= count) continue;
		const excuse = isGiven(milestone)
			? ('unknowable_too_short' as const)
			: excuseOf(milestone, blindness);
		if (excuse) verdict[excuse] += count - told;
		else {
			verdict.lost += count - told;
			const back = blindness.link.findLast(({ to }) => to <= state.to);
			const since = back ? `, ${state.from - back.to} ms after the link was back` : '';
			example(`lost: ${name} of call ${callid}, there for ${state.to - state.from} ms${since}`);
		}
	}
	for (const [name, told] of counts) {
		const more =
			told - (milestones.get(name)?.count ?? (name.startsWith('transferred') ? told : 0));
		if (more <= 0) continue;
		verdict.duplicated += more;
		example(`told ${more} times too often: ${name}`);
	}
	const { events_happened, unknowable_link_down, unknowable_too_short } = verdict;
	verdict.events_expected = events_happened - unknowable_link_down - unknowable_too_short;
	for (const text of disorder(delivered, milestones)) {
		verdict.out_of_order += 1;
		example(text);
	}
	return verdict;
}

/** Told once for an extension, however many of its phones are in the call. */
const ONCE: ReadonlySet<JournalEntry['kind']> = new Set(['ringing', 'dialing', 'answered']);

/**
 * The client tells of extensions, not of their phones: legs of one DN that are in a call at the same time are one here, by
 * the name of the first of them, from its beginning to the end of the last.
 */
function asExtensions(
	journal: readonly JournalEntry[],
	delivered: readonly Delivered[],
	{ link, legs }: Blindness,
) {
	const stays = new Map<string, { first: number; legs: Set<number>; told: Set<string> }>();
	const firsts = new Map<string, number>();
	const placeOf = ({ callid, dn }: { callid: number; dn: string }) => `${callid} ${dn}`;
	const named = <T extends { callid: number; dn: string; participant: number }>(entry: T): T => ({
		...entry,
		participant: firsts.get(`${placeOf(entry)}/${entry.participant}`) ?? entry.participant,
	});
	const told = journal.flatMap((entry) => {
		const { kind, participant } = entry;
		const place = placeOf(entry);
		const stay = stays.get(place) ?? {
			first: participant,
			legs: new Set<number>(),
			told: new Set<string>(),
		};
		stays.set(place, stay);
		firsts.set(`${place}/${participant}`, stay.first);
		stay.legs.add(participant);
		if (kind === 'ended') {
			stay.legs.delete(participant);
			if (stay.legs.size > 0) return [];
			stays.delete(place);
		}
		if (ONCE.has(kind) && stay.told.has(kind)) return [];
		stay.told.add(kind);
		return [named(entry)];
	});
	const blind = new Map(legs);
	for (const [name, first] of firsts) {
		const [, dn, participant] = /^\d+ (.*)\/(\d+)$/.exec(name) ?? [];
		const spans = legs.get(`${dn}/${participant}`) ?? [];
		const leg = `${dn}/${first}`;
		if (spans.length > 0 && first !== Number(participant))
			blind.set(leg, [...(blind.get(leg) ?? []), ...spans]);
	}
	return { journal: told, delivered: delivered.map(named), blindness: { link, legs: blind } };
}

function milestonesOf(journal: readonly JournalEntry[]): Map<string, Milestone> {
	const ends = new Map<string, number>();
	const starts = new Map<string, number>();
	for (const entry of journal) {
		const leg = legOf(entry);
		const at = entry.at.getTime();
		if (!starts.has(leg)) starts.set(leg, at);
		if (entry.kind === 'ended') ends.set(leg, at);
	}
	const milestones = new Map<string, Milestone>();
	for (const { kind, callid, at, ...rest } of journal) {
		if (!(kind in MILESTONES)) continue;
		const type = MILESTONES[kind as keyof typeof MILESTONES];
		const leg = legOf(rest);
		const name = nameOf(type, leg);
		const known = milestones.get(name);
		if (known) {
			known.count += 1;
			continue;
		}
		const end = ends.get(leg) ?? Infinity;
		// That a leg has ended can be told by whoever has ever seen it.
		const from = type === 'ended' ? (starts.get(leg) ?? 0) : at.getTime();
		const isKey = type === 'keyPressed';
		milestones.set(name, {
			name,
			type,
			leg,
			callid,
			at: at.getTime(),
			state: { from, to: isKey ? from + UNDER_WAY_MS : end },
			count: 1,
			needsMs: isKey ? UNDER_WAY_MS : SHORT_MS,
		});
	}
	return milestones;
}

function excuseOf(
	{ state, leg, needsMs }: Milestone,
	blindness: Blindness,
): 'unknowable_link_down' | 'unknowable_too_short' | undefined {
	if (state.to - state.from < needsMs) return 'unknowable_too_short';
	const isUnseen = longestSight(state, blindOf(leg, blindness)) < needsMs;
	return isUnseen ? 'unknowable_link_down' : undefined;
}

const blindOf = (leg: string, { link, legs }: Blindness): Span[] => [
	...link,
	...(legs.get(leg) ?? []),
];

/** @returns the longest piece of a span that is left when the blind times are cut out, in ms */
export function longestSight(span: Span, blind: readonly Span[]): number {
	let longest = 0;
	let from = span.from;
	for (const { from: start, to } of [...blind].sort((a, b) => a.from - b.from)) {
		if (to <= from) continue;
		if (start >= span.to) break;
		longest = Math.max(longest, start - from);
		from = Math.max(from, to);
	}
	return Math.max(longest, span.to - from);
}

/**
 * What was told too late: a step of a leg after a later step of it, and, among events that were told as they happened,
 * one after another of the same call that happened more than {@link SHORT_MS} later. (Within that time a single read
 * can show two steps of one leg at once, before another leg has been read.)
 */
function disorder(
	delivered: readonly Delivered[],
	milestones: ReadonlyMap<string, Milestone>,
): string[] {
	const steps = new Map<string, number>();
	const latest = new Map<number, number>();
	const found: string[] = [];
	for (const { type, callid, recovered, ...rest } of delivered) {
		const leg = legOf(rest);
		const step = STEP[type] ?? 1;
		const before = steps.get(leg) ?? 0;
		const milestone = milestones.get(nameOf(type, leg));
		const isTimed = !recovered && milestone?.count === 1;
		const newest = latest.get(callid) ?? 0;
		if (step < before) found.push(`out of order: ${type} ${leg} of call ${callid}`);
		else if (isTimed && milestone.at + SHORT_MS < newest)
			found.push(`out of order: ${type} ${leg} came after what happened later in call ${callid}`);
		steps.set(leg, Math.max(step, before));
		if (isTimed) latest.set(callid, Math.max(newest, milestone.at));
	}
	return found;
}
